#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods of which some containers still have kubexit: it learns of bury's deaths, and bury of kubexit's. And what kubexit
# does to its stones, which are empty while they are rewritten, is no news to bury; bury's are never empty.
set -eu
TIME_LIMIT=${TIME_LIMIT:-300}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"
. "$(dirname "$0")/../lib/bury.sh"

kubexit_like=$(helper kubexit_like)
rewrites=$(helper rewrites)
mkfifo end born watching running

kubexit_dies()
{
	"$kubexit_like" live "$Y" dep 3 <end >born &
	lives=$!
	exec 8>end
	hear born
	KUBEXIT_NAME=app KUBEXIT_GRAVEYARD=$Y KUBEXIT_DEATH_DEPS=dep \
		"$BURY" sh -c 'echo >running; exec sleep 1000' 2>"$T/bury.log" 8>&- &
	job=$!
	hear running
	await born:dep
	exec 8>&-
	wait_exits "$lives" 0
	wait_exits "$job" 143
	expect_bury 1 --after succeeded:dep --after-timeout 10ms -- true
}

kubexit_learns()
{
	"$kubexit_like" depend "$Y" app >watching &
	watcher=$!
	exec 7<watching
	read -r _ <&7
	start_bury --name app -- sh -c 'echo >running; read -r _ <end; exit 4'
	hear running
	kill -s 0 "$watcher" || fail "$kind: kubexit takes a birth for a death"
	echo >end
	wait_exits "$job" 4
	wait_exits "$watcher" 0
	exec 7<&-
}

# On a plain directory most readers find it empty while it is emptied and written again.
emptied()
{
	"$rewrites" write "$Y/dep" 20000 &
	writer=$!
	start_bury --name app --until died:dep,succeeded:dep -- sh -c 'echo >running; exec sleep 1000'
	hear running
	wait_exits "$writer" 0
	kill -s 0 "$job" || fail "$kind: took for a death what was none"
	dies dep
	wait_exits "$job" 143
}

# From its first stone on there is a whole one, through a hundred births and deaths.
never_empty()
{
	"$BURY" --quiet --graveyard "$Y" --name app -- true
	"$rewrites" read "$Y/app" <end &
	reader=$!
	exec 8>end
	i=0
	while [ "$i" -lt 100 ]; do
		i=$((i + 1))
		"$BURY" --quiet --graveyard "$Y" --name app --ready -- true
	done
	exec 8>&-
	wait_exits "$reader" 0
}

on_both kubexit_dies kubexit_learns emptied never_empty
