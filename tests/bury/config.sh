#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is wrong with the command line or the environment is said, before anything is begun.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/bury.sh"

kind=plain
Y=$T/y
mkdir "$Y"

# refused WORDS COMMAND…
refused()
{
	words=$1
	shift
	status=0
	"$@" 2>"$T/bury.log" || status=$?
	expect_eq "exit status of $*" "$status" 2
	says "$words"
	[ -z "$(ls "$Y")" ] || fail "$*: something was carved"
}

kubexit()
{
	env "KUBEXIT_GRAVEYARD=$Y" "$@"
}

refused 'KUBEXIT_NAME) is missing' kubexit "$BURY" true
refused 'COMMAND is missing' kubexit KUBEXIT_NAME=a "$BURY"
refused 'KUBEXIT_NAME is no name' kubexit KUBEXIT_NAME=../x "$BURY" true
refused 'KUBEXIT_NAME is no name' kubexit 'KUBEXIT_NAME=a b' "$BURY" true
refused 'KUBEXIT_GRACE_PERIOD is not a duration, as in 30s' kubexit KUBEXIT_NAME=a KUBEXIT_GRACE_PERIOD=30 "$BURY" true
refused 'KUBEXIT_BIRTH_TIMEOUT is not a duration' kubexit KUBEXIT_NAME=a KUBEXIT_BIRTH_TIMEOUT=-1s "$BURY" true
refused 'KUBEXIT_DEATH_DEPS has a name that is none' kubexit KUBEXIT_NAME=a KUBEXIT_DEATH_DEPS=b,../c "$BURY" true
refused 'KUBEXIT_BIRTH_DEPS has a name that is none' kubexit KUBEXIT_NAME=a 'KUBEXIT_BIRTH_DEPS=b,' "$BURY" true
refused 'IGNORE_CODE_ON_DEATH_DEPS is neither true nor false' kubexit KUBEXIT_NAME=a \
	KUBEXIT_IGNORE_CODE_ON_DEATH_DEPS=yes "$BURY" true
refused 'a waits for itself' kubexit KUBEXIT_NAME=a KUBEXIT_DEATH_DEPS=a "$BURY" true

for row in 'is no name|--name|a/b' 'is not a duration|--grace|5' 'begins with none of|--after|gone:a' \
	'mixes|--until|died:a,died:b+died:c' 'no name|--until|died:.a' 'port|--after|listening:0' \
	'port|--after|listening:65536' 'port|--after|listening:x' 'no signal|--signal|TREM' 'is empty|--graveyard|'; do
	option=${row#*|}
	refused "${row%%|*}" "$BURY" --graveyard "$Y" --name a "${option%|*}" "${option#*|}" -- true
done
refused 'is not an option' "$BURY" --name a --untill died:b -- true
refused 'needs an argument' "$BURY" --name
refused 'FILE is missing' "$BURY" cat

for wrong in --grace=5 --nme=a; do
	refused '^{"level":"error","event":"usage","error":".*"}$' "$BURY" "$wrong" --json --graveyard "$Y" -- true
done

# --- what kubexit would silently not know

status=0
kubexit KUBEXIT_NAME=a KUBEXIT_GRAVE_PERIOD=400s KUBEXIT_DEATHDEPS=b KUBEXIT_POD_NAME=p KUBEXIT_NAMESPACE=n "$BURY" \
	true 2>"$T/bury.log" || status=$?
expect_eq "exit status with unknown variables" "$status" 0
says 'level=warning event=unknown-variable name=a variable="KUBEXIT_GRAVE_PERIOD=400s" nearest=KUBEXIT_GRACE_PERIOD'
says 'variable="KUBEXIT_DEATHDEPS=b" nearest=KUBEXIT_DEATH_DEPS'
expect_eq "warnings" "$(grep -c level=warning "$T/bury.log")" 2
rm "$Y/a"

# Spaces around names are no part of them.
kubexit KUBEXIT_NAME=x "$BURY" --quiet true
status=0
kubexit KUBEXIT_NAME=a 'KUBEXIT_DEATH_DEPS=y , x ' "$BURY" --quiet sleep 1000 || status=$?
expect_eq "exit status" "$status" 143
expect_bury 143 --name a --until ' died:x , died:y' -- sleep 1000
kubexit 'KUBEXIT_NAME= spaced ' "$BURY" --quiet true
expect_eq "the stone" "$(fields spaced)" "Born Ready Died ExitCode: 0"

# Go's durations, and empty ones, which are as good as none.
kubexit KUBEXIT_NAME=a KUBEXIT_GRACE_PERIOD=1m30s KUBEXIT_BIRTH_TIMEOUT=400ms KUBEXIT_DEATH_DEPS= "$BURY" --quiet true
# The command line goes before it.
kubexit KUBEXIT_NAME=a KUBEXIT_DEATH_DEPS=x "$BURY" --quiet --name b --until died:z -- true
expect_eq "the stone" "$(fields b)" "Born Ready Died ExitCode: 0"

"$BURY" --version | grep -q '^bury [0-9]' || fail "--version"

# --- a graveyard that knows which names there are

kind=served
Y=$G
start_graveyard --names a,b
expect_bury 2 --name a --until died:bb -- true
says 'event=no-such-name name=a cond=died:bb'
expect_bury 111 --name c -- true
expect_bury 0 --name a -- true
