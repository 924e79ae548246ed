-- new_country.lua - a login from another country than that user's last one, by a list of networks.
-- A line of the list has a network and, after a tab, the country.
--
--   smtpscan --rules new_country.lua capture.pcap
--
-- session.pair belongs to a pair of client and server address. To compare logins of one user from several
-- addresses, this rule uses a table of its own. Each worker has its own copy of it, so run it with -j 1.

local country_of = inlist("networks.txt")
local last = {}

rule{
    name = "new_country",
    on = "auth",
    eval = function (session, event)
        if not event.success or not event.username then return end
        local country = country_of(session.src_ip)
        if not country then return end
        local before = last[event.username]
        if before and before ~= country then
            alert{
                severity = "medium",
                description = event.username .. " logs in from " .. country .. ", before from " .. before,
                evidence = session.src_ip,
                outcome = "succeeded",
            }
        end
        last[event.username] = country
    end,
}
