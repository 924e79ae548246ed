-- spam_filter.lua - the classic: senders in forbidden domains, and malformed addresses.
--
--   smtpscan --rules spam_filter.lua capture.pcap
--
-- A forbidden sender raises an alert.

local forbidden = {
    ["suspicious.org"] = true,
    ["spam.example"] = true,
}

rule{
    name = "forbidden_sender",
    on = "command",
    eval = function (session, event)
        if event.verb ~= "MAIL" then return end
        local path = (event.argument or ""):match("^[Ff][Rr][Oo][Mm]%s*:%s*(%S*)") or ""
        local from = domain(path)
        if from and forbidden[from] then
            alert{
                severity = "high",
                description = "mail from the forbidden domain " .. from,
                evidence = event.argument,
            }
            tag("forbidden_sender", from)
            -- session:drop() here would stop the analysis of the session
        end
    end,
}

rule{
    name = "malformed_address",
    on = "command",
    eval = function (session, event)
        if event.verb ~= "MAIL" and event.verb ~= "RCPT" then return end
        local path = (event.argument or ""):match("^%a+%s*:%s*(%S*)") or ""
        local address = path:match("^<(.*)>$") or path
        if address == "" and event.verb == "MAIL" then return end -- the null reverse-path
        local name, host = address:match("^(.+)@([%w%.%-%[%]:]+)$")
        if not name or host:find("..", 1, true) or #name > 64 or #host > 255 then
            alert{
                severity = "medium",
                description = "malformed address in " .. event.verb,
                evidence = event.argument,
            }
        end
    end,
}
