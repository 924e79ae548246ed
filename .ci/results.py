#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""results.py TESTLOG.JSON - counts meson's test results: prints "PASSED FAILED". A skipped test is neither."""
import json
import sys

passed = failed = 0
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        result = json.loads(line)["result"]
        passed += result in ("OK", "EXPECTEDFAIL")
        failed += result not in ("OK", "EXPECTEDFAIL", "SKIP")
print(passed, failed)
