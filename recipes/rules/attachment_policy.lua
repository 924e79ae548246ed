-- attachment_policy.lua - a policy for attachments: no programs, no file over 10 MiB, no names without an extension.
--
--   smtpscan --rules attachment_policy.lua capture.pcap

local forbidden = {
    exe = true, scr = true, js = true, jse = true, vbs = true, vbe = true, wsf = true, hta = true, bat = true,
    cmd = true, ps1 = true, jar = true, lnk = true, iso = true, img = true, docm = true, xlsm = true, pptm = true,
}
local largest = 10 * 1024 * 1024

rule{
    name = "attachment_policy",
    on = "file",
    eval = function (session, event)
        local name = event.filename
        if not name then return end
        local why
        local extension = name:match("%.(%w+)%s*$")
        if not extension then
            why = "no extension"
        elseif forbidden[extension:lower()] then
            why = "." .. extension:lower() .. " files"
        elseif event.size > largest then
            why = "larger than 10 MiB"
        end
        if why then
            alert{
                severity = "medium",
                description = "attachment against the policy (" .. why .. "): " .. name,
                evidence = name,
                outcome = "unknown",
            }
        end
    end,
}
