-- Raises the alert that has no id of its own.
rule{ on = "mail", eval = function (session, event) alert{ description = "a mail" } end }
