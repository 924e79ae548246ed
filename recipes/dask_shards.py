#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dask_shards.py SCHEDULER COUNT FOLDER CAPTURE - analyses one large capture on the workers of a Dask cluster, in COUNT shards.

SCHEDULER is an address, as tcp://host:8786, or "local". Each worker needs smtpscan in its PATH (or in $SMTPSCAN) and sees the
capture and FOLDER under the same paths. Afterwards `smtpscan --merge -o all.jsonl FOLDER/*.jsonl` puts the outputs together,
and says what is missing or not complete. What went wrong is printed; the status is 0 when every shard is complete. Started
again, it continues. (Debian: python3-distributed)
"""
import os
import subprocess
import sys

from distributed import Client, as_completed


def analyse(shard, count, folder, capture):
    """-> (shard, exit status, messages); runs on a worker"""
    done = subprocess.run([os.environ.get("SMTPSCAN", "smtpscan"), "-j", "1", "--shard", "%d/%d" % (shard, count),
                           "--resume", folder, "--", capture], stderr=subprocess.PIPE, text=True)
    return shard, done.returncode, done.stderr


def main():
    scheduler, count, folder, capture = sys.argv[1:]
    client = Client(None if scheduler == "local" else scheduler)
    futures = client.map(analyse, range(1, int(count) + 1), count=int(count), folder=os.path.abspath(folder),
                         capture=os.path.abspath(capture), pure=False)
    failed = 0
    for future in as_completed(futures):
        shard, status, words = future.result()
        if status:
            print("shard %d: exit status %d: %s" % (shard, status, words.strip()), file=sys.stderr)
        failed += status != 0
    client.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
