#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# headers.sh ROOT BUILD - each header compiles alone, those of include/ and the private ones of src/.
set -u
root=$1
build=$2
# shellcheck disable=SC2046
set -- $(pkg-config --cflags glib-2.0 gmime-3.0 libcjson lua5.4)
failed=0
for header in "$root"/include/*.h "$root"/src/*/*.h; do
	printf '#include "%s"\n' "$header" |
		${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Werror -fsyntax-only -I "$root/include" -I "$build/include" "$@" -x c - || failed=1
done
exit $failed
