#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_schema.py SMTPSCAN - every record over all captures fits --schema, with every option that adds
fields; no key comes twice; and a record that was tampered with does not fit. Skipped (77) without python3-jsonschema.
"""
import copy
import glob
import json
import os
import sys
import tempfile

from generate import make_dialogues
from program import TESTDATA, run

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
    schema = json.loads(run("--schema", check=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong, seen = [], {}
    keys = sorted(glob.glob(os.path.join(TESTDATA, "tls", "*.keylog")))[::2]  # those of the others are not known
    keys = [word for path in keys for word in ("--tls-keys", path)]
    with tempfile.TemporaryDirectory() as folder:
        make_dialogues(TESTDATA, folder)
        result = run("-e", "all", "--raw", "--show-secrets", "--hash", "md5,sha1", "--extract", os.path.join(folder, "out"), *keys,
                     TESTDATA, folder, os.path.join(folder, "missing"))
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
