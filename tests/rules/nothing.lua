-- Sees every mail and raises nothing.
rule{ on = "mail", eval = function (session, event) end }
