#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-man.sh GROFF PAGE: fails on anything that groff warns of.
! "$1" -man -Tutf8 -ww -z "$2" 2>&1 | grep .
