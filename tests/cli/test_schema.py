#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_schema.py SMTPSCAN TESTDATA GENERATE.PY - every record over all captures fits --schema, with every option that adds
fields; no key comes twice; and a record that was tampered with does not fit. Skipped (77) without python3-jsonschema.
"""
import copy
import glob
import json
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)


def once(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), "a key comes twice: %s" % keys
    return dict(pairs)


def tampered(row):
    """Records that the schema must refuse."""
    kind = row["event_type"]
    for change in (lambda r: r.update(extra=1), lambda r: r[kind].update(extra=1), lambda r: r.pop(kind),
                   lambda r: r.update(event_type="other"), lambda r: r.update(pcap_cnt="1"),
                   lambda r: r.update(timestamp="yesterday")):
        other = copy.deepcopy(row)
        change(other)
        yield other


def main():
    program, testdata, generate = map(os.path.abspath, sys.argv[1:4])
    schema = json.loads(subprocess.run([program, "--schema"], check=True, stdout=subprocess.PIPE).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong, seen = [], {}
    keys = sorted(glob.glob(os.path.join(testdata, "tls", "*.keylog")))[::2]  # those of the others are not known
    keys = [word for path in keys for word in ("--tls-keys", path)]
    with tempfile.TemporaryDirectory() as folder:
        for dialogue in glob.glob(os.path.join(testdata, "dialogues", "*.txt")):
            name = os.path.basename(dialogue)[:-3] + "pcap"
            capture = os.path.join(folder, name)
            if not os.path.exists(os.path.join(testdata, name)):  # otherwise it is kept as a capture
                subprocess.run([sys.executable, generate, dialogue, capture], check=True)
        result = subprocess.run(
            [program, "-e", "all", "--raw", "--show-secrets", "--hash", "md5,sha1", "--extract", os.path.join(folder, "out"), *keys,
             testdata, folder, os.path.join(folder, "missing")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in result.stdout.decode("utf-8").splitlines():
        row = json.loads(line, object_pairs_hook=once)
        seen.setdefault(row["event_type"], row)
        if not validator.is_valid(row):
            best = jsonschema.exceptions.best_match(validator.iter_errors(row))
            wrong.append("%s\n    %s" % (line[:500], best.message[:300]))
    records = {record["properties"]["event_type"]["const"] for record in schema["oneOf"]}
    wrong += ["no capture gives a record %s" % name for name in sorted(records - set(seen))]
    for kind, row in seen.items():
        wrong += ["%s: taken all the same: %s" % (kind, other) for other in tampered(row) if validator.is_valid(other)]
    print("\n".join(wrong[:20]) or "%d records of %d kinds fit" % (len(result.stdout.splitlines()), len(seen)))
    return 1 if wrong else 0


sys.exit(main())
