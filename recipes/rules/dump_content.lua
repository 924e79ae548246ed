-- dump_content.lua - shows the content of mails on standard error, piece by piece, as it is reassembled.
--
--   smtpscan --rules dump_content.lua -o records.jsonl capture.pcap

rule{
    name = "dump_content",
    on = "mail_content",
    eval = function (session, event)
        local mail = session.src_ip .. ":" .. session.src_port .. " mail " .. event.tx_id
        for line in event.data:gmatch("[^\n]+") do
            print(mail, (line:gsub("\r$", "")))
        end
        if event.last then print(mail, "ends after " .. event.offset .. " octets") end
    end,
}
