#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_docs.py SMTPSCAN MANUALS - checks that the manual agrees with the tables of the program. MANUALS: the folder of the pages.

Compared: the options of --help (with letters and arguments), the alerts of --list-alerts with severity and condition, and
the records and fields of --schema. Prints what differs; exit status 1 when anything does.
"""
import json
import os
import re
import subprocess
import sys


def output(program, option):
    return subprocess.run([program, option], check=True, stdout=subprocess.PIPE).stdout.decode()


def plain(roff):
    """Text of a line of roff, without requests and font changes, with escapes resolved."""
    roff = re.sub(r"^\.(TP|PP|SS|SH|B|BR|RB|BI|IR|RI|I|IB|br|nf|fi|RS|RE)\b *", "", roff)
    roff = re.sub(r"\\f[A-Z]", "", roff).replace("\\&", "")
    for escape, text in (("\\-", "-"), ("\\(aq", "'"), ("\\(ha", "^"), ("\\(ti", "~"), ("\\e", "\\")):
        roff = roff.replace(escape, text)
    return roff.strip()


def section(page, name):
    return re.search(r"^\.SH \"?%s\"?\n(.*?)(?=^\.SH |\Z)" % name, page, re.S | re.M).group(1)


def options_of_help(text):
    found = {}
    for letter, name, argument in re.findall(r"^  (?:-(\w),)? +--([\w-]+)(\S*(?: [A-Z]\S*)?)", text, re.M):
        found[name] = (letter, argument.strip(" =[]"))
    return found


def options_of_page(text):
    found = {}
    for tag in re.findall(r"^\.TP\n(.*)", text, re.M):
        tag = re.sub(r"[\" ]", "", plain(tag))
        match = re.fullmatch(r"(?:-(\w)[A-Z]*,)?--([a-z-]+)(.*)", tag)
        if match:
            found[match.group(2)] = (match.group(1) or "", match.group(3).strip("=[]"))
    return found


def alerts_of_page(text):
    found = re.findall(r"^\.TP\n\.BR (\S+) \" \((\w+)\)\"\n((?:[^.\n].*\n)+)", text + "\n", re.M)
    return {name: (severity, " ".join(map(plain, condition.splitlines()))) for name, severity, condition in found}


def fields_of_schema(schema):
    """-> record names, {object: set of fields}, without the _base64 that every text can have"""
    records = [record["properties"]["event_type"]["const"] for record in schema["oneOf"]]
    objects = {name: definition["properties"] for name, definition in schema["$defs"].items()
               if "properties" in definition and name not in ("alert_counts", "not_decoded", "severity_counts")}
    objects["envelope"] = {name: 0 for record in schema["oneOf"] for name in record["properties"]}
    return records, {name: {field for field in fields if not (field.endswith("_base64") and field[:-7] in fields)}
                     for name, fields in objects.items()}


def differ(what, program, page):
    wrong = []
    for name in sorted(set(program) | set(page)):
        if name not in page:
            wrong.append("%s %s is not in the man page" % (what, name))
        elif name not in program:
            wrong.append("%s %s is only in the man page" % (what, name))
        elif program[name] != page[name]:
            wrong.append("%s %s: the program says %s, the man page %s" % (what, name, program[name], page[name]))
    return wrong


def page_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def wrong_examples(text, records, objects):
    """Every record has an example, and examples have only fields of the record."""
    seen = set()
    for lines in re.findall(r"^\.EX\n(.*?)\n\.EE$", text, re.S | re.M):
        row = json.loads("".join(plain(line) for line in lines.splitlines()))
        seen.add(row["event_type"])
        for name in set(row) - objects["envelope"]:
            yield "an example has %s" % name
        for name, value in row.items():
            if isinstance(value, dict):
                fields = objects[name] if row["event_type"] in (name, "smtp", "flow") else objects["about_" + name]
                yield from ("an example of %s has %s.%s" % (row["event_type"], name, field) for field in set(value) - fields)
    yield from ("there is no example of %s" % name for name in sorted(set(records) - seen))


def main():
    program, folder = sys.argv[1:]
    page, record_page = (page_of(folder, name) for name in ("smtpscan.1", "smtpscan-records.5"))
    listed = map(json.loads, output(program, "--list-alerts=json").splitlines())
    wrong = differ("option", options_of_help(output(program, "--help")), options_of_page(section(page, "OPTIONS")))
    wrong += differ("alert", {row["signature"]: (row["severity_name"], row["condition"]) for row in listed},
                    alerts_of_page(section(page, "ALERTS")))
    records, objects = fields_of_schema(json.loads(output(program, "--schema")))
    text = section(record_page, "ENVELOPE") + section(record_page, "RECORDS")
    wrong += wrong_examples(section(record_page, "RECORDS"), records, objects)
    tags = [plain(tag) for tag in re.findall(r"^\.TP\n\.B (.*)", text, re.M)]
    wrong += differ("record", dict.fromkeys(records), dict.fromkeys(tags))
    words = set(re.findall(r"[a-z0-9_]+", plain(" ".join(
        line for line in text.splitlines() if re.match(r"\.(B|BR|RB|IB|BI)\b", line)))))
    wrong += ["field %s.%s is not in the man page" % (name, field)
              for name, fields in sorted(objects.items()) for field in sorted(fields) if field not in words]
    print("\n".join(wrong) or "the man page agrees with the program")
    return 1 if wrong else 0


sys.exit(main())
