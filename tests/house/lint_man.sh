#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# lint_man.sh MANDOC PAGE - mandoc has nothing to say about a page of the manual (that no system has, so its references to pages
# that are not installed are no fault). Long lines are wrapped by tests/house/wrap_man.py; they hold up nobody.
said=$("$1" -Tlint "$2" | grep -v -e "referenced manual not found" -e "longer than 80 bytes")
[ -z "$said" ] || { echo "$said"; exit 1; }
