#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which shell runs which trap when; and that what .help teaches about it is right in all five.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

need_shells
start_graveyard
export G T
mkfifo "$T/started" "$T/trapped"

# A command that says that it runs, and ends when told to.
cat >"$T/bin/work" <<'END'
#!/bin/sh
echo >"$T/started"
read -r code <"$T/end"
exit "$code"
END
chmod 755 "$T/bin/work"

# start SCRIPT: in $sh, so that $! is its process, with the signals as a container has them (a job in
# the background ignores INT). Its name is agent. The pipe that ends its command is its own: the last
# one's may still have the other open.
start()
{
	rm -f "$T/end"
	mkfifo "$T/end"
	(exec env --default-signal "$sh" "$1") 2>>"$T/said" &
	pid=$!
}

# Until the shell has nothing to do but to wait for its command.
wait_idle()
{
	tries=2000
	until grep -q '^State:.S' "/proc/$pid/status"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$sh does not wait"
		/bin/sleep 0.01
	done
}

# ended: until the shell has, by itself, while what it is to wait for no more is still there. (One that
# does not end meets the time limit.) Its status is in $rc.
ended()
{
	rc=0
	wait "$pid" 2>/dev/null || rc=$?
}

recorded()
{
	cat "$G/.exitcode/agent" 2>/dev/null || echo none
}

next_round()
{
	rm -f "$G/agent"
}

# --- a trap runs while a read is parked, and then the wait goes on

cat >parked <<'END'
trap 'echo trapped > $T/trapped' TERM
until read -r _ < $G/.wait/died/agent; do :; done
END
cat >parked_exit <<'END'
trap 'exit 9' TERM
read -r _ < $G/.wait/died/agent
END

trap_while_parked()
{
	start parked
	for again in 1 2; do
		wait_readers 1
		kill -s TERM "$pid"
		read -r said <"$T/trapped"
		expect_eq "the trap of $sh, $again" "$said" trapped
	done
	wait_readers 1
	echo 0 >"$G/.died/agent"
	ended
	expect_eq "$sh: waiting, after its trap" "$rc" 0
	next_round

	start parked_exit
	wait_readers 1
	kill -s TERM "$pid"
	ended
	expect_eq "$sh: trap that exits" "$rc" 9
}

# --- an EXIT trap alone, and TERM: no two agree (these are facts about shells, which README tells)

cat >bare <<'END'
touch $G/.born/agent
trap 'echo $? > $G/.died/agent' EXIT
work
END

exit_trap_alone()
{
	case $sh in
	bash) want=0 ;;
	mksh) want=143 ;;
	*) want=none ;;
	esac
	start bare
	read -r _ <"$T/started"
	# bash, where TERM comes before it waits, tells 0 and lives on.
	wait_idle
	kill -s TERM "$pid"
	if [ "$sh" = mksh ]; then
		echo 5 >"$T/end"
		ended
	else
		ended
		echo 5 >"$T/end"
	fi
	expect_eq "what an EXIT trap of $sh tells on TERM" "$(recorded)" "$want"
	next_round
}

# --- the recipe of .help: what is recorded is right, and so is the status of the shell itself

grep -Ex ' +(touch \$G/\.born/agent|trap .*)' "$G/.help" >recipe || fail "no recipe in .help"
expect_eq "lines of the recipe" "$(grep -c . recipe)" 3
grep -qF 'command & wait $!' "$G/.help" || fail "no 'command & wait' in .help"

for last in 'work' 'work & wait $!' 'exit 3' 'sh -c "exit 3"' 'sh -c "exit 3" & wait $!' 'true'; do
	name=$(echo "$last" | tr -dc 'a-z0-9&')
	{ cat recipe && echo "$last"; } >"recipe-$name"
done

# expect_recorded WHAT CODE
expect_recorded()
{
	ended
	expect_eq "recorded by $sh: $1" "$(recorded)" "$2"
	expect_eq "status of $sh: $1" "$rc" "$2"
	next_round
}

# The last command of its script has run.
recipe_runs()
{
	for ending in 'exit3 3' 'shcexit3 3' 'shcexit3&wait 3' 'true 0'; do
		start "recipe-${ending% *}"
		expect_recorded "$ending" "${ending#* }"
	done
	for code in 0 5; do
		for form in 'work' 'work&wait'; do
			start "recipe-$form"
			read -r _ <"$T/started"
			echo "$code" >"$T/end"
			expect_recorded "$form ends with $code" "$code"
		done
	done
}

recipe_signalled()
{
	for signal in 'HUP 129' 'INT 130' 'TERM 143'; do
		# At once, while the command still runs. Also if the shell has only just begun it.
		start 'recipe-work&wait'
		read -r _ <"$T/started"
		kill -s "${signal% *}" "$pid"
		expect_recorded "$signal, work & wait" "${signal#* }"
		echo 0 >"$T/end"

		# Once the command has ended.
		start recipe-work
		read -r _ <"$T/started"
		kill -s "${signal% *}" "$pid"
		echo 0 >"$T/end"
		expect_recorded "$signal, work" "${signal#* }"
	done
}

for sh in $SHELLS; do
	trap_while_parked
	exit_trap_alone
	recipe_runs
	recipe_signalled
done
