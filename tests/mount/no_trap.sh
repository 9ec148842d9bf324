#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README's entrypoint, which runs a command under a lease: right in all five shells, as pid 1 or not, in whichever way
# it or its command ends.
set -eu
TIME_LIMIT=${TIME_LIMIT:-120}
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

need_shells
readme=$(dirname "$test_script")/../../README.md
awk '/^```sh$/ { block = 1; text = ""; next }
	/^```$/ { if (block && text ~ /# entrypoint NAME/) printf "%s", text; block = 0 }
	block { text = text $0 "\n" }' "$readme" >entrypoint
expect_eq "the first line of README's entrypoint" "$(head -n 1 entrypoint)" '#!/bin/sh'

# A command that says that it runs, and ends as told. How it takes TERM is its argument.
cat >"$T/bin/work" <<'END'
#!/bin/sh
case $1 in
ends) trap 'exit 5' TERM && trap 'exit 6' HUP ;;
says) trap 'echo TERM >"$T/trapped"' TERM ;;
ignores) trap '' TERM ;;
esac
exec 3<>"$T/end"
echo >"$T/started"
until read -r how <&3; do :; done
[ "$how" != SEGV ] || kill -s SEGV $$
exit "$how"
END
chmod 755 "$T/bin/work"
mkfifo started trapped
exec 4<>started 5<>trapped
export G T

# start COMMAND…: the entrypoint, in $sh, for $n. It has the signals as a container has them (a job in the background
# ignores INT). The pipe that ends the command is its own: the last one's may still have the other open.
start()
{
	named=$((named + 1))
	n=agent-$named
	rm -f end
	mkfifo end
	# shellcheck disable=SC2086 # lists
	(exec env --default-signal $within $sh "$T/entrypoint" "$n" "$@") 2>>said &
	job=$!
}

# settles PID: until it has taken the signals that it got, and waits. (One that comes just before a shell calls read(2)
# waits for it, too.)
settles()
{
	tries=2000
	until grep -q '^State:.S' "/proc/$1/status" && grep -Eq '^ShdPnd:.0+$' "/proc/$1/status"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$sh or its command does not wait"
		/bin/sleep 0.01
	done
}

# start_work HOW: $script and $work are then the entrypoint's process and its command's.
start_work()
{
	start work "$1"
	read -r _ <&4
	script=$(awk -v n="$n" '$3 == n { print $9 }' "$G/.log")
	read -r work _ <"/proc/$script/task/$script/children" || :
	settles "$work"
}

# told CODE: with the death, and by the entrypoint's own status.
told()
{
	wait_exits "$job" "$1"
	journal "1 born,1 died $1"
}

# Until the kernel has told of what was closed before.
closed()
{
	: >"$G/.lease/after-$n"
	timeout 10 cat "$G/.wait/died/after-$n" >died
}

ends_by_itself()
{
	for ending in '0 0' '7 7' '127 127' 'SEGV 139'; do
		start_work ends
		echo "${ending% *}" >end
		told "${ending#* }"
	done
	start_work ends
	kill -s KILL "$work"
	told 137
	start no-such-command
	told 127
}

signalled()
{
	for signal in 'TERM 5' 'INT 5' 'HUP 6'; do
		start_work ends
		kill -s "${signal% *}" "$script"
		told "${signal#* }"
	done
	start_work says
	for again in 1 2; do
		kill -s TERM "$script"
		read -r said <&5
		expect_eq "$sh: what is passed on, $again" "$said" TERM
		settles "$work"
	done
	echo 8 >end
	told 8
	start_work ignores
	for again in 1 2; do
		kill -s TERM "$script"
		settles "$script"
	done
	echo 9 >end
	told 9
}

# not_told CODE: but by the kernel, if it does.
not_told()
{
	timeout 10 cat "$G/.wait/died/$n" >died
	if [ "$kernel_tells" = 1 ]; then
		await_code "$n"
		expect_eq "$sh: a code that nobody wrote" "$(cat "$G/.wait/exitcode/$n")" "$1"
	else
		expect_fails cat "$G/.wait/exitcode/$n"
	fi
}

# The death is the command's, which the script takes along as pid 1 only.
killed()
{
	start_work ends
	kill -s KILL "$script"
	wait "$job" 2>/dev/null || :
	if [ -n "$within" ]; then
		not_told 137
		return
	fi
	closed
	[ -e "$G/.alive/$n" ] || fail "$sh: what lives is called dead: $(cat "$G/$n")"
	echo 7 >end
	not_told 7
}

named=0
start_graveyard --linger 1ms
for sh in $SHELLS 'bash --posix' 'zsh --emulate sh'; do
	for within in '' 'unshare -pf --kill-child'; do
		ends_by_itself
		signalled
		killed
	done
done
