#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# hardened.sh SMTPSCAN - checks that the program is built with hardening: position-independent, full RELRO (the linker's
# tables are read-only), no executable stack, stack protector, checked copies, CET.
set -u
program=$1
failed=0

# has WHAT WORD COMMAND... - does the command's output have the word?
has() {
	what=$1
	word=$2
	shift 2
	"$@" 2>/dev/null | grep -q -- "$word" && return
	echo "no $what"
	failed=1
}

command -v readelf >/dev/null || exit 77
has "position-independent executable" "DYN (" readelf -h "$program"
has "RELRO" GNU_RELRO readelf -lW "$program"
has "BIND_NOW" "BIND_NOW\|NOW" readelf -dW "$program"
has "stack protector" __stack_chk_fail readelf --dyn-syms -W "$program"
readelf --dyn-syms -W "$program" | grep -q __asan_init || has "checked copies (_FORTIFY_SOURCE)" "_chk@" readelf --dyn-syms -W "$program"
if readelf -lW "$program" | grep GNU_STACK | grep -q "RWE"; then
	echo "the stack can be executed"
	failed=1
fi
case $(uname -m) in
x86_64) has "code for CET (the C library's start files decide whether it is switched on)" endbr64 objdump -d --no-show-raw-insn "$program" ;;
esac
exit $failed
