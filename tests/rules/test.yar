// For tests: text in a decoded part, and a program.
rule gift_card : fraud money { meta: author = "tests" score = 7 strings: $a = "gift card" nocase condition: $a }
rule header_only { strings: $s = "Subject: header" condition: $s at 0 }
