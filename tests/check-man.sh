#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-man.sh groff|mandoc PROGRAM PAGE: fails on anything that it warns of.
# Which other manuals there are is the machine's affair.
case $1 in
groff) ! "$2" -man -Tutf8 -ww -z "$3" 2>&1 | grep . ;;
mandoc) ! "$2" -T lint -W style "$3" 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' ;;
esac
