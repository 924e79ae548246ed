#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# coverage.sh BUILD [CORPORA] - which lines of src/ the fuzz targets reach with their seeds, and with what a fuzzer has found when
# CORPORA has a folder for each target (CORPORA/mail, ...). BUILD is made when it is not there. Needs clang and llvm.
#
# Processes that are locked in can't write a file: so the counters are in one that is mapped from the beginning (%c).
# What is written: for each file its lines, those that were not reached, and the share that was, then all together.
set -e
root=$(cd "$(dirname -- "$0")/../.." && pwd)
build=$1
corpora=$2
export LLVM_PROFILE_FILE=/dev/null
[ -d "$build" ] || CC=clang meson setup "$build" "$root" -Dbuildtype=debugoptimized -Db_lundef=false \
	-Dc_args='-fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation' -Dc_link_args=-fprofile-instr-generate >/dev/null
targets=$(meson introspect --targets "$build" | grep -o '"name": "replay_[a-z]*"' | grep -o 'replay_[a-z]*')
# shellcheck disable=SC2046,SC2086
ninja -C "$build" $(printf 'tests/%s ' $targets) >/dev/null
rm -f "$build"/*.profraw
objects="$build/tests/replay_analysis"
for target in $targets; do
	name=${target#replay_}
	LLVM_PROFILE_FILE="$build/$name-seeds%c.profraw" \
		meson test -C "$build" --no-rebuild --quiet --timeout-multiplier 10 "replay of $name" >/dev/null
	[ ! -d "$corpora/$name" ] ||
		LLVM_PROFILE_FILE="$build/$name-corpus%c.profraw" "$build/tests/$target" "$corpora/$name" >/dev/null 2>&1
	objects="$objects -object $build/tests/$target"
done
llvm-profdata merge -sparse "$build"/*.profraw -o "$build/fuzz.profdata"
# shellcheck disable=SC2086
llvm-cov report $objects -instr-profile "$build/fuzz.profdata" --show-region-summary=false --show-branch-summary=false \
	"$root/src" 2>/dev/null | awk 'NR > 2 && NF > 6 { printf "%-40s %6d %6d %8s\n", $1, $(NF - 2), $(NF - 1), $NF }'
