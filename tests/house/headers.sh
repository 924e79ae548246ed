#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# headers.sh INCLUDE - each header compiles alone, and no stage includes a later stage's.
set -u
include=$1
failed=0

# In the order of a byte's way; what is not a stage may be included by any.
stages="capture packet stream flow tls grammar machine session mail detectors record options analysis"

for header in "$include"/*.h; do
	# shellcheck disable=SC2046
	printf '#include "%s"\n' "$(basename "$header")" |
		${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Werror -fsyntax-only -I "$include" $(pkg-config --cflags glib-2.0) -x c - || failed=1
done

later=
for stage in $(printf '%s\n' $stages | tac); do
	for other in $later; do
		if grep -q "#include \"$other.h\"" "$include/$stage.h"; then
			echo "$stage.h includes $other.h, a later stage"
			failed=1
		fi
	done
	later="$stage $later"
done
exit $failed
