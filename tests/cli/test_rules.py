#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_rules.py SMTPSCAN - rules as users write them: every event, field and action, the
examples, and files and rules that are broken."""
import base64
import json
import os
import subprocess
import unittest

from dialogue import BYE, envelope, file_part, hello, message
from generate import make
from program import PLAIN, RECIPES, TESTDATA, Folder, records, run

WITH_YARA = b"built without" not in run("--yara", os.devnull, os.devnull).stderr

HELLO = hello("AUTH PLAIN LOGIN", "SIZE 5000000")
FILE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def mail(sender="<otto@client.example>", recipient="<anna@corp.example>", lines=("Subject: case", "", "Text.")):
    return envelope(sender, recipient) + message(*lines)


def with_file(name, octets=FILE):
    return mail(lines=["Subject: file", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "See the file.", "--b",
                       *file_part('filename="%s"' % name, octets), "--b--"])


def login(user, code, address="198.51.100.7"):
    token = base64.b64encode(b"\0" + user.encode() + b"\0secret").decode()
    return "@ client=%s\n%sC: AUTH PLAIN %s\nS: %s\n%s" % (address, HELLO, token, code, BYE)


class Rules(Folder):
    maxDiff = None

    def capture(self, dialogue):
        path = self.path("capture.pcap")
        make(dialogue, path)
        return path

    def run_rules(self, text, dialogue, *options, status=0):
        """-> (records, standard error)"""
        rules = self.file("rules.lua", text)
        done = self.status(status, "--rules", rules, "-e", "all", "-j", "1", *options, self.capture(dialogue))
        return records(done.stdout), done.stderr.decode()

    def seen(self, on, dialogue, *options):
        """the events that a rule gets: the rule puts each into the evidence of an alert"""
        text = """
            local function show(v)
                if type(v) == "table" then
                    local out, list = {}, #v > 0
                    for k, x in pairs(v) do
                        out[#out + 1] = list and show(x) or ('"' .. k .. '":' .. show(x))
                    end
                    return list and "[" .. table.concat(out, ",") .. "]" or "{" .. table.concat(out, ",") .. "}"
                end
                if type(v) ~= "string" then return tostring(v) end
                return '"' .. v:gsub('["\\\\%c\\128-\\255]', function (c) return ("\\\\u%04x"):format(c:byte()) end) .. '"'
            end
            rule{ on = "EVENT", eval = function (session, event) print("EVENT " .. show(event)) end }
            """.replace("EVENT", on)
        rows, errors = self.run_rules(text, dialogue, *options)
        prefix = "smtpscan: rule: %s " % on
        lines = [line[len(prefix):] for line in errors.splitlines() if line.startswith(prefix)]
        self.assertEqual(len(lines), len(errors.splitlines()), errors)
        return rows, [json.loads(line) for line in lines]

    def alerts(self, rows, kind="rule"):
        return [row for row in rows if row["event_type"] == "alert" and row["alert"]["category"] == kind]

    # ---- events: the fields of the records, under the same names ----

    def compare(self, on, kind, dialogue, *options, less=(), more=()):
        """every event has the fields of its record; less: of the record only, more: of the event only"""
        rows, events = self.seen(on, dialogue, *options)
        wanted = []
        for row in rows:
            if row["event_type"] != kind:
                continue
            fields = dict(row[kind])
            if "tx_id" in row:
                fields["tx_id"] = row["tx_id"]
            for beside in ("smtp", "email"):
                if beside in row and beside != kind:
                    fields[beside] = row[beside]
            wanted.append({k: v for k, v in fields.items() if k not in less})
        self.assertGreater(len(wanted), 0)
        self.assertEqual([{k: v for k, v in event.items() if k not in more} for event in events], wanted)
        return events

    def test_commands(self):
        events = self.compare("command", "smtp_command", HELLO + "C: NOOP\nS: 250 ok\nC: FROB x\nS: 500 no\nC: MAIL\nS: 501 no\n" + mail() + BYE,
                              less=("line",), more=("line",))
        self.assertEqual([e["line"] for e in events if "line" in e], ["MAIL\r\n"])  # as it was, not escaped

    def test_secrets_are_not_for_rules(self):
        rows, events = self.seen("command", login("otto", "235 ok"))
        self.assertEqual([e.get("argument") for e in events if e["verb"] == "AUTH"], ["PLAIN"])
        rows, events = self.seen("command", login("otto", "235 ok"), "--show-secrets")
        self.assertTrue([e for e in events if e["verb"] == "AUTH" and len(e["argument"]) > len("PLAIN ")])

    def test_responses(self):
        self.compare("response", "smtp_response", HELLO + mail() + BYE)

    def test_mail_content(self):
        rows, events = self.seen("mail_content", HELLO + mail(lines=["Subject: x", "", "..dot", "a" * 3000]) + BYE)
        pieces = [(row["smtp_content"]["offset"], row["smtp_content"]["length"], row["smtp_content"]["last"])
                  for row in rows if row["event_type"] == "smtp_content"]
        self.assertEqual([(e["offset"], e["length"], e["last"]) for e in events], pieces)
        self.assertEqual("".join(e["data"] for e in events), "Subject: x\r\n\r\n.dot\r\n" + "a" * 3000 + "\r\n")
        self.assertEqual({e["tx_id"] for e in events}, {0})

    def test_mails(self):
        refused = "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<nobody@corp.example>\nS: 550 5.1.1 no\nC: RSET\nS: 250 ok\n"
        self.compare("mail", "smtp", HELLO + refused + mail(sender="<otto@client.example> SIZE=100 BODY=8BITMIME") + BYE)
        self.compare("mail", "smtp", HELLO + with_file("a.txt") + BYE)

    def test_files(self):
        self.compare("file", "fileinfo", HELLO + with_file("a.txt") + BYE, more=("head", "email", "magic"), less=("magic", "mimetype", "email"))

    def test_logins(self):
        self.compare("auth", "smtp_auth", login("otto", "235 ok") + login("anna", "535 no"))
        self.compare("auth", "smtp_auth", login("otto", "235 ok"), "--show-secrets")

    def test_tls(self):
        for name in ("exim-starttls-1.3.pcap", "postfix-starttls-1.2.pcap"):
            rules = self.file("rules.lua", 'rule{ on = "tls", eval = function (s, e) alert{ id = "saw_tls", description ='
                                           ' e.version .. "/" .. tostring(e.cipher) .. "/" .. tostring(e.sni), evidence = e.ja4 } end }')
            done = run("--rules", rules, os.path.join(TESTDATA, name))
            rows = records(done.stdout)
            [tls] = [row["tls"] for row in rows if row["event_type"] == "tls"]
            [alert] = self.alerts(rows)
            self.assertEqual(alert["alert"]["description"], "%s/%s/%s" % (tls["version"], tls["cipher"], tls.get("sni", "nil")))
            self.assertEqual(alert["alert"]["evidence"], tls["ja4"])

    def test_sessions(self):
        rows, [event] = self.seen("session", HELLO + mail() + BYE)
        [flow] = [row for row in rows if row["event_type"] == "flow"]
        for name, value in event.items():
            self.assertEqual(value, flow["smtp_session"].get(name, flow["flow"].get(name)), name)
        self.assertGreater(len(event), 12)

    def test_alerts_of_the_program(self):
        rows, events = self.seen("alert", HELLO + "C: FROB\nS: 500 no\n" + mail(recipient="<a%b@corp.example>") + BYE)
        self.assertEqual([e["signature"] for e in events], ["unknown_command", "relay_probe"])
        for event, row in zip(events, (row for row in rows if row["event_type"] == "alert")):
            for name in ("description", "severity", "severity_name", "category", "state", "direction"):
                self.assertEqual(event.get(name), row["alert"].get(name), name)
            self.assertEqual(event.get("tx_id"), row.get("tx_id"))
        self.assertEqual(events[0]["evidence"], "FROB\r\n")  # as it was, not escaped

    def test_the_session(self):
        text = """
            rule{ on = "mail", eval = function (session, event)
                print(session.src_ip, session.src_port, session.dest_ip, session.dest_port, session.helo, session.tls, session.user,
                      session.state, #session.vlan, session.vlan[1], session.midstream, session.one_sided)
            end }"""
        dialogue = login("otto", "235 ok").replace(BYE, mail() + BYE).replace("@ ", "@ vlan=7 cport=4000 ")
        rows, errors = self.run_rules(text, dialogue)
        self.assertEqual(errors, "smtpscan: rule: 198.51.100.7 4000 192.0.2.25 25 client.example false otto response 1 7 false false\n")
        for wrong in ("session.nothing", "session.helo = 1"):
            rows, errors = self.run_rules('rule{ on = "mail", eval = function (session) local x = nil; %s end }'
                                          % (wrong if "=" in wrong else "x = " + wrong), HELLO + mail() + BYE)
            self.assertIn("session", errors)

    # ---- actions ----

    def test_an_alert_has_all_that_it_was_given(self):
        text = """rule{ on = "mail", name = "no_id", eval = function (session, event)
            alert{ id = "own_id", severity = "high", description = "what \\xff it is", evidence = "a\\0b", outcome = "succeeded" }
            alert{}
            alert{ id = "numbered", severity = 3, description = 12 }
        end }"""
        rows, errors = self.run_rules(text, HELLO + mail() + BYE)
        first, second, third = self.alerts(rows)
        self.assertEqual((first["alert"]["signature"], first["alert"]["severity"], first["alert"]["severity_name"]), ("own_id", 1, "high"))
        self.assertEqual((first["alert"]["description"], first["alert"]["outcome"]), ("what \ufffd it is", "succeeded"))
        self.assertEqual((first["alert"]["evidence"], first["alert"]["category"], first["tx_id"]), ("a\\x00b", "rule", 0))
        self.assertEqual((first["alert"]["action"], first["alert"]["gid"], first["alert"]["rev"]), ("allowed", 1, 1))
        self.assertIsInstance(first["alert"]["signature_id"], int)
        self.assertEqual(first["smtp"]["mail_from"], "<otto@client.example>")
        self.assertEqual((second["alert"]["signature"], second["alert"]["severity_name"]), ("no_id", "medium"))
        self.assertEqual((third["alert"]["signature"], third["alert"]["severity"], third["alert"]["description"]), ("numbered", 3, "12"))
        [flow] = [row for row in rows if row["event_type"] == "flow"]
        self.assertEqual(flow["smtp_session"]["alerts"], {"no_id": 1, "numbered": 1, "own_id": 1})
        [stats] = [row["stats"] for row in rows if row["event_type"] == "stats"]
        self.assertEqual(stats["alerts"], {"high": 1, "medium": 1, "low": 1})

    def test_alerts_are_limited_by_their_own_id(self):
        text = 'rule{ on = "command", eval = function () alert{ id = "one" } end }\nrule{ on = "mail", eval = function () alert{ id = "two" } end }'
        rows, errors = self.run_rules(text, HELLO + mail() + BYE, "--alert-limit", "2")
        self.assertEqual([row["alert"]["signature"] for row in self.alerts(rows)], ["one", "one", "two"])
        rows, errors = self.run_rules(text, HELLO + mail() + BYE, "--fail-on", "medium", status=1)
        rows, errors = self.run_rules(text, HELLO + mail() + BYE, "--disable", "rule")
        self.assertEqual(self.alerts(rows), [])

    def test_alerts_that_are_not_well_formed(self):
        for wrong in ('id = "Upper"', 'id = ""', 'id = "smtp_smuggling"', 'id = ("x"):rep(65)', 'severity = "worst"', 'severity = 4',
                      'outcome = "maybe"', "description = {}", "evidence = true"):
            rows, errors = self.run_rules('rule{ on = "mail", eval = function () alert{ %s } end }' % wrong, HELLO + mail() + BYE)
            self.assertEqual(self.alerts(rows), [], wrong)
            self.assertRegex(errors, r"rules\.lua:1: rule rule is off for these addresses: .*rules\.lua:1: ", wrong)

    def test_the_iterator_of_pairs_takes_only_tables(self):
        for called in ('"a text"', "(1)", "(nil)", "(session)"):
            text = 'rule{ on = "mail", eval = function (session) pairs({ a = 1 })%s end }' % called
            rows, errors = self.run_rules(text, HELLO + mail() + BYE)
            self.assertIn("table expected" if called != "(session)" else "", errors)
            self.assertEqual(len([r for r in rows if r["event_type"] == "smtp"]), 1)

    def test_tags_stand_in_the_records(self):
        text = """
            rule{ on = "command", eval = function (session, event) if event.verb == "EHLO" then tag("hello", event.argument) end end }
            rule{ on = "mail", eval = function (session, event) tag("colour", "red"); tag("colour", "blue"); tag("n", 1.5) end }"""
        rows, errors = self.run_rules(text, HELLO + mail() + mail() + BYE)
        self.assertEqual([row["smtp"]["tags"] for row in rows if row["event_type"] == "smtp"], [{"colour": "blue", "n": "1.5"}] * 2)
        [flow] = [row for row in rows if row["event_type"] == "flow"]
        self.assertEqual(flow["smtp_session"]["tags"], {"hello": "client.example"})

    def test_tags_are_bounded(self):
        rows, errors = self.run_rules('rule{ on = "mail", eval = function () for i = 1, 1000 do tag("t" .. i, ("x"):rep(5000)) end end }',
                                      HELLO + mail() + BYE)
        [smtp] = [row["smtp"] for row in rows if row["event_type"] == "smtp"]
        self.assertEqual((len(smtp["tags"]), len(smtp["tags"]["t1"])), (100, 1024))
        self.assertIn("at most 100 tags", errors)

    def test_a_session_is_dropped(self):
        text = """rule{ on = "command", eval = function (session, event)
            if event.verb == "RCPT" then alert{ id = "enough" }; session:drop(); session:drop() end
        end }
        rule{ on = "mail", eval = function () alert{ id = "never" } end }"""
        rows, errors = self.run_rules(text, HELLO + mail() + mail() + BYE)
        self.assertEqual(errors, "")
        self.assertEqual([row["alert"]["signature"] for row in self.alerts(rows)], ["enough"])
        [flow] = [row for row in rows if row["event_type"] == "flow"]
        self.assertEqual(flow["smtp_session"]["state"], "fail")
        self.assertEqual([row["smtp_command"]["verb"] for row in rows if row["event_type"] == "smtp_command"], ["EHLO", "MAIL", "RCPT"])

    def test_only_kept_mails_are_stored(self):
        text = 'rule{ on = "mail", eval = function (session, event) if event.email.subject == "keep me" then keep() end end }'
        dialogue = HELLO + "".join(mail(lines=["Subject: " + subject, "", text]) for subject, text in
                                   (("keep me", "zero"), ("not me", "one"), ("keep me", "two"))) + BYE
        box = self.path("box")
        self.run_rules(text, dialogue, "--mbox", box)
        with open(box, "rb") as file:
            content = file.read()
        self.assertIn(b"keep me", content)
        self.assertNotIn(b"not me", content)
        os.unlink(box)
        folder = self.path("files")
        self.run_rules(text, dialogue, "--extract", folder)
        kept = [name for name in os.listdir(folder) if name.endswith(".eml")]
        self.assertEqual(len(kept), 2)
        with open(os.path.join(folder, kept[0]), "rb") as file:
            self.assertIn(b"keep me", file.read())
        self.assertEqual(len(os.listdir(folder)), 5)  # the mails, their texts, the list
        rows, errors = self.run_rules(text, dialogue, "--extract", folder)
        self.assertEqual([bool(row["smtp"].get("path")) for row in rows if row["event_type"] == "smtp"], [True, False, True])
        self.assertEqual([row["fileinfo"]["stored"] for row in rows if row["event_type"] == "fileinfo"], [True, False, True])
        self.run_rules('rule{ on = "mail", eval = function () end }', dialogue, "--mbox", box)
        with open(box, "rb") as file:
            self.assertIn(b"not me", file.read())

    def test_notes_are_a_rules_own_and_a_sessions(self):
        text = """
            rule{ on = "command", eval = function (s) s.notes.n = (s.notes.n or 0) + 1; s.pair.n = (s.pair.n or 0) + 1 end }
            rule{ on = "session", eval = function (s) print(s.notes.n, s.pair.n) end }
            rule{ on = "command", eval = function (s, e) if e.verb == "QUIT" then print(s.notes.n, s.pair.n) end; s.notes.n = 10 end }"""
        other = HELLO + "C: NOOP\nS: 250 ok\n" + BYE
        rows, errors = self.run_rules(text, other + "@ client=198.51.100.9\n" + other + "@\n" + other)
        self.assertEqual(errors.splitlines(), ["smtpscan: rule: " + line for line in ("10 3", "nil 3", "10 3", "nil 3", "10 6", "nil 6")])

    # ---- helpers ----

    def test_helpers(self):
        text = """
            local list = inlist("list.txt")
            rule{ on = "mail", eval = function (session, event)
                print(domain("<otto@Client.Example>"), domain("a@b@c"), domain("nobody"), domain("<>"))
                print(decode("=?utf-8?q?K=C3=B6ln?= =?iso-8859-1?q?=E4?="))
                print(list("x.bad.example"), list("good.example"), list(nil), list("10.1.1.1") == "")
                print(tostring(print), tostring({}), string.format("%s %d", {}, 5), #string.format("%q", "a"))
                for k, v in pairs{ b = 1, a = 2, 30, [10] = 20, [true] = 0 } do print(k, v) end
                local t = {} for w, n in ("a=1, b=2"):gmatch("(%w)=(%w)") do t[#t + 1] = w .. n end
                print(table.concat(t, "+"), ("abc"):upper(), select("#", table.unpack{ 1, 2 }), math.max(1, 2), utf8.len("ö"))
                local r = re.new("(b)(x)?", "i")
                print(r:find("aBc"), r:match("aBc"))
                print(r:find("ab", 3), r:find("", 5), (r:match("zz")))
                for m in re.new("[0-9]*"):gmatch("1,22") do print("[" .. m .. "]") end
                print(select(2, pcall(re.new, "(")))
            end }"""
        self.file("list.txt", "bad.example\tbad one\n10.0.0.0/8\n")
        rows, errors = self.run_rules(text, HELLO + mail() + BYE)
        lines = [line[len("smtpscan: rule: "):] for line in errors.splitlines()]
        self.assertEqual(lines[:2], ["client.example c nil nil", "K\\xc3\\xb6ln\\xc3\\xa4"])
        self.assertEqual(lines[2:4], ["bad one nil nil true", "function table table 5 3"])
        self.assertEqual(lines[4:9], ["1 30", "10 20", "a 2", "b 1", "true 0"])
        self.assertEqual(lines[9:12], ["a1+b2 ABC 2 2 1", "2 B false", "nil nil nil"])
        self.assertEqual(lines[12:-1], ["[1]", "[]", "[22]", "[]"])
        self.assertRegex(lines[-1], "at octet 1 of the expression")

    def test_a_stream_finds_what_pieces_share(self):
        text = """
            local words = re.new("needle[0-9]{3}")
            rule{ on = "mail_content", eval = function (session, event)
                local n = session.notes
                n.s = n.s or words:stream()
                for i = 1, #event.data do
                    local m, at = n.s:feed(event.data:sub(i, i))
                    if m then print(m, at) end
                end
                local m, at = n.s:feed("", event.last)
                if m then print(m, at) end
            end }"""
        rows, errors = self.run_rules(text, HELLO + mail(lines=["Subject: x", "", "aneedle123b needle12 needle456needle789"]) + BYE)
        self.assertEqual(errors.splitlines(), ["smtpscan: rule: needle123 15", "smtpscan: rule: needle456 35", "smtpscan: rule: needle789 44"])

    # ---- the sandbox ----

    def test_nothing_reaches_the_system(self):
        names = ("io", "os", "package", "debug", "require", "load", "loadstring", "loadfile", "dofile", "collectgarbage", "coroutine",
                 "next", "xpcall", "warn", "_G", "string.dump", "table.move", "math.random", "math.randomseed")
        text = 'rule{ on = "mail", eval = function () print(%s) end }' % ", ".join(names)
        rows, errors = self.run_rules(text, HELLO + mail() + BYE)
        self.assertEqual(errors.split(": ")[-1].split(), ["nil"] * len(names))
        for wrong in ("setmetatable({}, { __gc = print })", "setmetatable({}, { __len = print })", 'getmetatable("").__index.find = 1',
                      'setmetatable(session, {})', "setmetatable({}, 1)", "x = 1", 'string.format("%p", {})', 'inlist("list.txt")', 'rule{ on = "mail", eval = print }'):
            rows, errors = self.run_rules('rule{ on = "mail", eval = function (session) %s end }' % wrong, HELLO + mail() + BYE)
            self.assertIn("is off for these addresses", errors, wrong)
        bytecode = subprocess.run(["sh", "-c", "command -v luac5.4"], stdout=subprocess.PIPE).stdout.decode().strip()
        compiled = self.file("compiled.lua", b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n")
        if bytecode:
            source = self.file("source.lua", 'rule{ on = "mail", eval = print }')
            subprocess.run([bytecode, "-o", compiled, source], check=True)
        self.broken(compiled)

    def test_a_rule_that_fails_is_off_and_the_others_are_not(self):
        text = """
            rule{ on = "command", name = "bad", eval = function (session, event) alert{ id = "before" }; local x = nil; x() end }
            rule{ on = "command", eval = function (session, event) alert{ id = "other" } end }"""
        two = HELLO + mail() + BYE
        rows, errors = self.run_rules(text, two + "@\n" + two + "@ client=203.0.113.1\n" + two)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertRegex(errors, r"smtpscan: .*rules\.lua:2: rule bad is off for these addresses: .*rules\.lua:2: attempt to call a nil value")
        ids = [row["alert"]["signature"] for row in self.alerts(rows)]
        self.assertEqual((ids.count("before"), ids.count("other")), (2, 15))

    def test_budgets(self):
        for wrong in ("while true do end", "local function f() return f() end f()", "while true do pcall(function () while true do end end) end",
                      "local function f() f() end f()", 'local s = "x" while true do s = s .. s end', "local t = {} for i = 1, 1e9 do t[i] = i end",
                      '("x"):rep(1e9)', '("a"):rep(9000):find(".-.-.-.-.-.-.-[bc]")', 're.new("(a*)*[bc]"):find(("a"):rep(9000))',
                      're.new("(?:a|a)*[bc]"):find(("a"):rep(9000))', "error({})", "error()", 'error("text", 0)',
                      "table.concat(setmetatable({}, { __index = function () return 'x' end }), '', 1, 1e9)",
                      "table.sort({ 3, 2, 1, 5, 4 }, function () return true end) while true do end",
                      "for i = 1, 1e9 do session.notes[i] = {} end", "for i = 1, 1e9 do re.new('a' .. i) end"):
            rows, errors = self.run_rules('rule{ on = "mail", eval = function (session) %s end }' % wrong, HELLO + mail() + BYE)
            self.assertEqual(len(errors.splitlines()), 1, wrong + errors)
            self.assertIn("is off for these addresses: ", errors, wrong)
            self.assertEqual(rows[-1]["stats"]["complete"], True)
            self.assertEqual(len([row for row in rows if row["event_type"] == "smtp"]), 1)

    # ---- files ----

    def broken(self, path, words=""):
        for arguments in (("--rules", path, PLAIN), ("--check-rules", path)):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), path)
            self.assertIn(os.path.basename(path), done.stderr.decode())
            self.assertIn(words, done.stderr.decode())
            self.assertNotIn("\x1b", done.stderr.decode())

    def test_files_that_hold_no_rules(self):
        os.mkdir(self.path("folder.lua"))
        self.broken(self.path("folder.lua"), "not a file of rules")
        self.broken(self.path("missing.lua"), "No such file")
        self.broken(self.file("empty.lua", ""), "it contains no rule")
        self.broken(self.file("binary.lua", os.urandom(300) + b"\0"), "not text")
        self.broken(self.file("latin.lua", b"-- \xe4\n"), "not text")
        self.broken(self.file("syntax.lua", 'rule{ on = "mail",\n eval = functon () end }'), ":2:")
        self.broken(self.file("runs.lua", "local x = nil\nx()"), ":2:")
        self.broken(self.file("loop.lua", "while true do end"), "too long")
        self.broken(self.file("memory.lua", 'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end'), "memory")
        self.broken(self.file("event.lua", 'rule{ on = "packet", eval = print }'), "packet")
        self.broken(self.file("function.lua", 'rule{ on = "mail" }'), "eval")
        self.broken(self.file("list.lua", 'inlist("nowhere.txt")'), "nowhere.txt")
        self.broken(self.file("alert.lua", "alert{}"), "only by a running rule")
        self.broken(self.file("escape.lua", "error('\x1b[31mred')"))

    def test_what_is_in_a_file_is_listed(self):
        path = self.file("two.lua", 'rule{ on = "mail", name = "one", eval = print }\n\nrule{ on = "tls", eval = print }\n')
        done = run("--check-rules", path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout.decode(), "%s:1: rule one on mail\n%s:3: rule rule on tls\n" % (path, path))

    # ---- how the work is divided ----

    def test_the_output_does_not_depend_on_the_division_of_work(self):
        text = """
            local bad = re.new("case|file")
            rule{ on = "command", eval = function (s, e)
                s.pair.n = (s.pair.n or 0) + 1
                if s.pair.n % 7 == 0 then alert{ id = "seventh", description = "command " .. s.pair.n } end
                if s.pair.n == 20 then error("enough") end
            end }
            rule{ on = "mail", eval = function (s, e) for k, v in pairs(e) do if type(v) == "string" then tag("f_" .. k, v) end end end }
            rule{ on = "session", eval = function (s, e) tag("name", tostring(bad) .. tostring(s.pair)) end }"""
        dialogue = "".join("@ client=198.51.100.%d after=-0.001\n%s" % (i % 5 + 1, HELLO + mail() + with_file("a%d.txt" % i) + BYE) for i in range(40))
        rules, capture = self.file("rules.lua", text), self.capture(dialogue)
        outputs, said = [], []
        for jobs in ("1", "2"):
            done = run("--rules", rules, "-e", "all", "-j", jobs, capture)
            outputs.append(done.stdout)
            said.append(done.stderr)
        parts = []
        for i in (1, 2, 3):
            parts.append(self.path("part%d" % i))
            run("--rules", rules, "-e", "all", "--shard", "%d/3" % i, "-o", parts[-1], capture)
        outputs.append(run("--merge", *parts).stdout)
        self.assertGreater(len(outputs[0]), 50000)
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])
        self.assertEqual(said[0], said[1])
        self.assertEqual(said[0].count(b"\n"), 1)

    # ---- indicators ----

    def test_indicators_are_met_everywhere(self):
        places = {
            "sender.example": ("MAIL FROM", mail(sender="<x@mx.sender.example>")),
            "rcpt@corp.example": ("RCPT TO", mail(recipient="<Rcpt@corp.example>")),
            "client.example": ("HELO", mail(sender="<>")),
            "from.example": ("From", mail(lines=["From: A <a@from.example>", "", ""])),
            "192.0.2.200": ("Received", mail(lines=["Received: from x ([192.0.2.200]) by y", "", ""])),
            "sent.example": ("Sender", mail(lines=["From: a@b.example", "Sender: x@sent.example", "", ""])),
            "second@from.example": ("From", mail(lines=["From: a@b.example", "From: Second@from.example", "", ""])),
            "signed.example": ("DKIM-Signature", mail(lines=["DKIM-Signature: v=1; d=signed.example; s=x", "", ""])),
            "unsub@list.example": ("List-Unsubscribe", mail(lines=["List-Unsubscribe: <mailto:unsub@list.example?subject=x>", "", ""])),
            "2001:db8::66": ("Received", mail(lines=["Received: from x ([IPv6:2001:db8::66]) by y", "", ""])),
            "link@to.example": ("a URL", mail(lines=["Subject: x", "", "see mailto:link@to.example?subject=y now"])),
            "192.0.2.77": ("a URL", mail(lines=["Subject: x", "", "see http://0xc000024d/x now"])),
            "192.0.2.78": ("a URL", mail(lines=["Subject: x", "", "see http://3221226062/ now"])),
            "inner.example": ("a URL", mail(lines=["Subject: x", "", "see http://a.example/?u=https%3A%2F%2Finner.example%2Fx&v=1"])),
            "e7[.]example": ("a URL", mail(lines=["Subject: x", "", "see http://a.example/http://e7.example"])),
            "44d88612fea8a8f36de82e1278abb02f": ("a file's MD5", with_file("e.com")),
            "coded.example": ("a URL", mail(lines=["Subject: x", "", "see http://user@%63oded%2eexample:80/x now"])),
            "http://evil.example/x": ("a URL", mail(lines=["Subject: x", "", "see http://evil.example/x now"])),
            "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f": ("a file's SHA-256", with_file("e.com")),
            "198.51.100.0/24": ("the client's address", mail()),
            "192.0.2.25": ("the server's address", mail()),
        }
        for indicator, (where, dialogue) in places.items():
            path = self.file("list.txt", "%s\tnote <%s>\n" % (indicator, where))
            done = run("--ioc", path, self.capture(HELLO + dialogue + BYE))
            alerts = self.alerts(records(done.stdout))
            self.assertEqual(len(alerts), 1, (indicator, alerts))
            self.assertEqual((alerts[0]["alert"]["signature"], alerts[0]["alert"]["severity_name"]), ("ioc_match", "medium"))
            self.assertIn("in %s is a known indicator: note <%s>" % (where, where), alerts[0]["alert"]["description"])

    def test_addresses_that_a_proxy_names(self):
        path = self.file("list.txt", "203.0.113.9\nrelay.example\n")
        for head, where in (("PROXY TCP4 203.0.113.9 192.0.2.25 1234 25", "the client's address, as the proxy says"),
                            ("CONNECT relay.example:25 HTTP/1.1\nC: ", "the server's name, as the proxy says")):
            answer = "S: HTTP/1.1 200 OK\nS: \n" if head.startswith("CONNECT") else ""
            done = run("--ioc", path, self.capture("C: " + head + "\n" + answer + HELLO + mail() + BYE))
            alerts = self.alerts(records(done.stdout))
            self.assertEqual([a["alert"]["signature"] for a in alerts], ["ioc_match"], alerts)
            self.assertIn(where, alerts[0]["alert"]["description"])

    def test_a_list_without_indicators_is_told(self):
        done = run("--ioc", self.file("a.txt", "# nothing\n"), PLAIN)
        self.assertEqual(done.returncode, 0)
        self.assertIn("it has no indicator", done.stderr.decode())

    def test_lists_that_are_none(self):
        for name, data in (("a.txt", "ok.example\nnot one\n"), ("b.txt", b"\x1f\x8b\0\0")):
            done = run("--ioc", self.file(name, data), PLAIN)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(name + ":", done.stderr.decode())

    # ---- YARA ----

    @unittest.skipUnless(WITH_YARA, "built without libyara")
    def test_yara_looks_at_content_and_parts(self):
        path = self.file("rules.yar", 'rule text : a b { meta: who = "me" n = 3 ok = true strings: $x = "EICAR" condition: $x and #x == 1 }\n'
                         'rule raw { strings: $h = "Subject:" condition: $h at 0 }\nrule size { condition: filesize == 68 }')
        done = run("--yara", path, self.capture(HELLO + with_file("eicar.com") + mail() + BYE))
        rows = records(done.stdout)
        found = [(row["tx_id"], row["alert"]["description"], row["alert"].get("evidence")) for row in self.alerts(rows)]
        self.assertEqual(found, [
            (0, "YARA rule text matches part 2 (eicar.com): tag a, tag b, who=me, n=3, ok=true, $x at octet 28", "EICAR"),
            (0, "YARA rule size matches part 2 (eicar.com)", None),
            (0, "YARA rule raw matches the content as sent: $h at octet 0", "Subject:"),
            (1, "YARA rule raw matches the content as sent: $h at octet 0", "Subject:"),
        ])
        self.assertEqual([row["fileinfo"].get("yara") for row in rows if row["event_type"] == "fileinfo"], [None, ["text", "size"], None])

    @unittest.skipUnless(WITH_YARA, "built without libyara")
    def test_yara_files_that_are_none(self):
        for name, data, words in (("a.yar", "rule x {\n condition: nothing }", ":2: "), ("missing.yar", None, "No such file"),
                                  ("binary.yar", os.urandom(100), "binary.yar")):
            done = run("--yara", self.file(name, data) if data else self.path(name), PLAIN)
            self.assertEqual((done.returncode, done.stdout), (2, b""), name)
            self.assertIn(words, done.stderr.decode(errors="replace"))

    @unittest.skipUnless(WITH_YARA, "built without libyara")
    def test_yara_does_not_see_the_division_of_work(self):
        dialogue = "".join("@ client=198.51.100.%d after=-0.001\n%s" % (i % 5 + 1, HELLO + with_file("a%d.com" % i) + BYE) for i in range(20))
        path, capture = self.file("rules.yar", 'rule e { strings: $x = "EICAR" condition: $x }'), self.capture(dialogue)
        outputs = [run("--yara", path, "-j", jobs, capture).stdout for jobs in "12"]
        self.assertEqual(outputs[0].count(b'"yara_match"'), 40)
        self.assertEqual(outputs[0], outputs[1])

    # ---- the examples ----

    def example(self, name, dialogue, *options):
        done = self.status(0, "--rules", os.path.join(RECIPES, "rules", name), "-j", "1", *options, self.capture(dialogue))
        return records(done.stdout), done.stderr.decode()

    def test_every_example_loads(self):
        names = sorted(name for name in os.listdir(os.path.join(RECIPES, "rules")) if name.endswith(".lua"))
        self.assertGreaterEqual(len(names), 6)
        for name in names:
            self.assertEqual(run("--check-rules", os.path.join(RECIPES, "rules", name)).returncode, 0, name)

    def test_example_spam_filter(self):
        dialogue = HELLO + mail(sender=" hacker@suspicious.org") + mail(sender="<a..b>", recipient="<x@y..z>") + mail() + BYE
        rows, errors = self.example("spam_filter.lua", dialogue)
        found = [(row["alert"]["signature"], row["alert"]["evidence"]) for row in self.alerts(rows)]
        self.assertEqual(found, [("forbidden_sender", "FROM: hacker@suspicious.org"), ("malformed_address", "FROM:<a..b>"),
                                 ("malformed_address", "TO:<x@y..z>")])
        rows, errors = self.example("dump_content.lua", HELLO + mail(sender=" hacker@suspicious.org", lines=["Subject: x", "", "the content"]) + BYE)
        self.assertIn("mail 0 the content\n", errors)
        self.assertIn("mail 0 ends after 27 octets\n", errors)

    def test_example_keywords(self):
        text = base64.b64encode(b"Please buy Gift Cards today.").decode()
        rows, errors = self.example("keywords.lua", HELLO + mail(lines=["Content-Transfer-Encoding: base64", "", text]) + mail() +
                                    mail(lines=["Subject: x", "", "a wire transfer"]) + BYE)
        self.assertEqual([(row["tx_id"], row["alert"]["description"]) for row in self.alerts(rows)],
                         [(0, "a mail speaks of: Gift Cards"), (2, "a mail speaks of: wire transfer")])
        self.assertEqual([row["smtp"].get("tags") for row in rows if row["event_type"] == "smtp"], [None, None, {"keyword_at": "16"}])

    def test_example_hash_list(self):
        rows, errors = self.example("hash_list.lua", HELLO + with_file("eicar.com") + with_file("fine.txt", b"fine") + BYE)
        self.assertEqual([row["alert"]["description"] for row in self.alerts(rows)], ["known file eicar.com: EICAR test file"])

    def test_example_attachment_policy(self):
        rows, errors = self.example("attachment_policy.lua", HELLO + with_file("a.JS") + with_file("noextension") + with_file("a.txt") + BYE)
        self.assertEqual([row["alert"]["evidence"] for row in self.alerts(rows)], ["a.JS", "noextension"])

    def test_example_new_country(self):
        rows, errors = self.example("new_country.lua", login("otto", "235 ok") + login("otto", "535 no", "203.0.113.5") +
                                    login("anna", "235 ok", "203.0.113.5") + login("otto", "235 ok", "203.0.113.5"))
        self.assertEqual([row["alert"]["description"] for row in self.alerts(rows)], ["otto logs in from FR, before from DE"])


if __name__ == "__main__":
    unittest.main()
