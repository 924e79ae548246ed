#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dask_captures.py SCHEDULER FOLDER CAPTURE... - analyses many captures on the workers of a Dask cluster.

SCHEDULER is an address, as tcp://host:8786, or "local". Each worker needs smtpscan in its PATH (or in $SMTPSCAN) and sees the
captures and FOLDER under the same paths. An output for each capture goes to FOLDER; started again, it continues. What went
wrong is printed; the status is 0 when every capture was read to its end. (Debian: python3-distributed)
"""
import os
import subprocess
import sys

from distributed import Client, as_completed


def analyse(capture, folder):
    """-> (capture, exit status, messages); runs on a worker"""
    done = subprocess.run([os.environ.get("SMTPSCAN", "smtpscan"), "-j", "1", "--resume", folder, "--", capture],
                          stderr=subprocess.PIPE, text=True)
    return capture, done.returncode, done.stderr


def main():
    scheduler, folder, *captures = sys.argv[1:]
    client = Client(None if scheduler == "local" else scheduler)
    futures = client.map(analyse, list(map(os.path.abspath, captures)), folder=os.path.abspath(folder), pure=False)
    failed = 0
    for future in as_completed(futures):
        capture, status, words = future.result()
        if status:
            print("%s: exit status %d: %s" % (capture, status, words.strip()), file=sys.stderr)
        failed += status != 0
    client.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
