-- keywords.lua - finds words in the text and the subjects of mails, whatever their encoding.
--
--   smtpscan --rules keywords.lua capture.pcap

local words = re.new([[\b(wire transfer|gift cards?|password expires|strictly confidential)\b]], "i")

rule{
    name = "keyword",
    on = "mail",
    eval = function (session, event)
        local email = event.email
        if not email then return end
        local word = words:match((email.subject or "") .. "\n" .. (email.body or ""))
        if word then
            alert{ severity = "low", description = "a mail speaks of: " .. word, evidence = email.subject }
        end
    end,
}

-- The same on the content as it was sent, piece by piece: also in parts that are not text, but not in base64.
rule{
    name = "keyword_raw",
    on = "mail_content",
    eval = function (session, event)
        local notes = session.notes
        if event.offset == 0 then notes.stream = words:stream() end
        local word, offset = notes.stream:feed(event.data, event.last)
        if word then tag("keyword_at", offset) end
    end,
}
