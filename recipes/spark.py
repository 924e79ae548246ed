#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""spark.py CAPTURE FOLDER SHARDS - one large capture on a Spark cluster: each task analyses a shard of its connections.

    spark-submit spark.py /shared/big.pcap /shared/parts 64
    smtpscan --merge -o all.jsonl /shared/parts/*.jsonl

The capture and the folder must be reachable from every node, smtpscan installed on each. Started again, it skips the shards
whose outputs are complete. The outputs are JSON Lines: spark.read.json("/shared/parts") makes a table of them.
"""
import subprocess
import sys

from pyspark.sql import SparkSession


def analyse(shard, capture, folder, shards):
    """-> (shard, exit status, what was said)"""
    done = subprocess.run(["smtpscan", "-j", "1", "--shard", "%d/%d" % (shard, shards), "--resume", folder, capture],
                          stderr=subprocess.PIPE)
    return shard, done.returncode, done.stderr.decode(errors="replace")


def main():
    capture, folder, shards = sys.argv[1], sys.argv[2], int(sys.argv[3])
    context = SparkSession.builder.appName("smtpscan").getOrCreate().sparkContext
    numbers = context.parallelize(range(1, shards + 1), shards)
    failed = [row for row in numbers.map(lambda shard: analyse(shard, capture, folder, shards)).collect() if row[1]]
    for shard, status, words in failed:
        print("shard %d: exit status %d: %s" % (shard, status, words), file=sys.stderr)
    sys.exit(3 if failed else 0)


if __name__ == "__main__":
    main()
