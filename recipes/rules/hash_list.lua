-- hash_list.lua - finds files whose SHA-256 (or MD5, SHA-1 with --hash) is on a list. A line of the list has a hash and,
-- after a tab, a comment. Without any Lua: --ioc hashes.txt
--
--   smtpscan --rules hash_list.lua --extract found capture.pcap

local known = inlist("hashes.txt") -- beside this file

rule{
    name = "known_file",
    on = "file",
    eval = function (session, event)
        local comment = known(event.sha256) or known(event.sha1) or known(event.md5)
        if comment then
            alert{
                severity = "high",
                description = "known file " .. (event.filename or event.part) .. ": " .. comment,
                evidence = event.sha256,
            }
            keep() -- only mails with such a file are stored
        end
    end,
}
