#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# test_slurm.sh SMTPSCAN RECIPES TESTDATA - the recipes for Slurm on a cluster of one node: one shard per task, one
# capture per task. Sets up munge, slurmctld and slurmd in a folder of its own and takes them down again. Skipped (77)
# without Slurm, without root, and when its daemons do not start.
set -u
smtpscan=$(realpath "$1") recipes=$(realpath "$2") testdata=$(realpath "$3")
PATH=$PATH:/usr/sbin:/sbin

skip() {
	echo "skipped: $*"
	exit 77
}

for program in munged slurmctld slurmd sbatch squeue; do
	command -v $program >/dev/null || skip "no $program"
done
[ "$(id -u)" -eq 0 ] || skip "not root"

folder=$(mktemp -d)
node=$(hostname -s)
daemons=
finish() {
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$daemons" ] || kill $daemons 2>/dev/null
	wait
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

# free_port - prints a port that is not in use.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start PROGRAM... - starts a daemon in the foreground; its messages go to a file.
start() {
	"$@" >"$folder/$1.log" 2>&1 &
	daemons="$daemons $!"
}

# until WHAT COMMAND... - waits for it.
until_true() {
	what=$1
	shift
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	cat "$folder"/*.log
	skip "$what"
}

chmod 755 "$folder"
mkdir "$folder/munge" "$folder/state" "$folder/spool" "$folder/out"
chmod 755 "$folder/munge"
head -c 1024 /dev/urandom >"$folder/munge/key"
chmod 400 "$folder/munge/key"
cat >"$folder/slurm.conf" <<EOF
ClusterName=smtpscan
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
EOF
export SLURM_CONF="$folder/slurm.conf" SMTPSCAN="$smtpscan"
start munged --foreground --force --socket="$folder/munge/socket" --key-file="$folder/munge/key" \
	--pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" --log-file="$folder/munge/log"
until_true "munge does not start" test -S "$folder/munge/socket"
start slurmctld -D -c -f "$SLURM_CONF"
start slurmd -D -f "$SLURM_CONF" -N "$node"
until_true "no node comes up" sh -c "sinfo -h -o %t | grep -q -E 'idle|mix|alloc'"

failed=0
# same NAME - is the output the same as that of a single run?
same() {
	if cmp "$folder/expected" "$folder/$1"; then
		echo "ok: $1"
	else
		echo "FAILED: $1"
		failed=1
	fi
}

# done_with JOB - waits for the job, and shows its messages.
done_with() {
	while squeue -h -j "$1" 2>/dev/null | grep -q .; do
		sleep 0.2
	done
	cat "$folder"/slurm-*.out 2>/dev/null
	rm -f "$folder"/slurm-*.out
}
cd "$folder" || exit 1

# One capture, one shard per task; all end with status 5 since the capture is truncated. A dependent job then merges the
# shards.
capture=$folder/cut.pcap
head -c -5 "$testdata/mixed-ports.pcap" >"$capture"
"$smtpscan" "$capture" >expected
job=$(sbatch --parsable --array=1-4 "$recipes/shards.sbatch" "$capture" parts)
done_with "$(sbatch --parsable --kill-on-invalid-dep=yes --dependency="afterany:$job" --wrap "$smtpscan --merge -o merged.jsonl parts/*.jsonl")"
same merged.jsonl

# Many captures, several per task; a second run does nothing.
find "$testdata" -name 'postfix-*.pcap' | sort >list
done_with "$(sbatch --parsable --array=1-3 "$recipes/captures.sbatch" list out)"
xargs "$smtpscan" <list | sort >expected
cat out/*.jsonl | sort >captures.jsonl
same captures.jsonl
ls -i out >before
done_with "$(sbatch --parsable --array=1-3 "$recipes/captures.sbatch" list out)"
ls -i out >expected
same before
exit $failed
