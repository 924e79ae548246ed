#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check_docs.py SMTPSCAN MANPAGE - the man page says what the program's own tables say.

Compared: the options of --help (with letters and arguments), the alerts of --list-alerts with severity and condition, and
the records and fields of --schema. Prints what differs; exit status 1 when anything does.
"""
import json
import re
import subprocess
import sys


def output(program, option):
    return subprocess.run([program, option], check=True, stdout=subprocess.PIPE).stdout.decode()


def plain(roff):
    """Text of a line of roff: requests and font changes gone, escapes resolved."""
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
    return {name: (severity, plain(condition)) for name, severity, condition in
            re.findall(r"^\.TP\n\.BR (\S+) \" \((\w+)\)\"\n(.*)", text, re.M)}


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


def main():
    program, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        page = file.read()
    listed = map(json.loads, output(program, "--list-alerts=json").splitlines())
    wrong = differ("option", options_of_help(output(program, "--help")), options_of_page(section(page, "OPTIONS")))
    wrong += differ("alert", {row["signature"]: (row["severity_name"], row["condition"]) for row in listed},
                    alerts_of_page(section(page, "ALERTS")))
    records, objects = fields_of_schema(json.loads(output(program, "--schema")))
    text = section(page, "RECORDS")
    tags = [plain(tag) for tag in re.findall(r"^\.TP\n\.B (.*)", text, re.M)]
    wrong += differ("record", dict.fromkeys(records), dict.fromkeys(tags))
    words = set(re.findall(r"[a-z0-9_]+", plain(" ".join(
        line for line in text.splitlines() if re.match(r"\.(B|BR|RB|IB|BI)\b", line)))))
    wrong += ["field %s.%s is not in the man page" % (name, field)
              for name, fields in sorted(objects.items()) for field in sorted(fields) if field not in words]
    print("\n".join(wrong) or "the man page agrees with the program")
    return 1 if wrong else 0


sys.exit(main())
