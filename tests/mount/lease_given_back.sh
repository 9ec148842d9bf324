#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who gives a lease back and goes on has not ended with it: how it ends later is nobody's code, and
# until then it costs nothing.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
. "$(dirname "$0")/../lib/processes.sh"

# no_code NAME: after a while, in which one might have come.
no_code()
{
	expect_fails timeout 10 cat "$G/.wait/exitcode/$1"
	grep -q 'No data' "$T/said" || fail "the code of $1: $(cat "$T/said")"
}

descriptors()
{
	find "/proc/$worker/fd" -type l | wc -l
}

start_graveyard --linger 1ms
worker=$(worker_pid)
mkfifo go
sh -c 'exec 9>"$1"; exec 9>&-; read -r _ <"$2"; exit 9' sh "$G/.lease/given" "$T/go" &
giver=$!
timeout 10 cat "$G/.wait/died/given" >died
no_code given
echo >go
wait_exits "$giver" 9
# What comes of its end has come before this.
sh -c 'exit 3' 9>"$G/.lease/after" || :
timeout 10 cat "$G/.wait/exitcode/after" >code 2>&1 || :
n=given
journal "1 born,1 died"
absent .exitcode/given

before=$(descriptors)
i=0
while [ "$i" -lt 300 ]; do
	: >"$G/.lease/often"
	i=$((i + 1))
done
timeout 10 cat "$G/.wait/died/often" >died
no_code often
after=$(descriptors)
[ "$after" -le $((before + 10)) ] || fail "300 leases that were given back keep $((after - before)) descriptors"
