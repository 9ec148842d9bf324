#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rules of lives, cell by cell, as programs meet them: what each state makes of each word, by every
# path it can be told, with the error, and what the journal says of it.
set -eu
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/shells.sh"

expected_log='refused what'
need_try
start_graveyard

early=2001-01-01T00:00:00Z
late=2101-01-01T00:00:00Z

# --- the table: birth

new never
gets "ok ok" open wc ".born/$n" close
journal "1 born"
new never
gets "ok ok" open wc "$n" close
journal "1 born"
new never
gets "ok ok ok" open wc "$n" write "Born: $early\n" close
journal "1 born"
expect_eq "a birth that was written" "$(field Born)" "$early"

for state in alive ready; do
	new "$state"
	gets "ok ok" open wc ".born/$n" close
	gets "ok ok ok" open wc ".born/$n" write "any thing\n" close
	gets "ok ok" open wct "$n" close
	gets "ok ok" open w "$n" write "Born: $late\n"
	gets "ok ok" open w "$n" write "Born: $early\n"
	nothing_new
done

for state in dead dead3; do
	new "$state"
	gets "ok ok" open wc ".born/$n" close
	journal "${past}2 born"
	has_stone Born
	absent ".died/$n" ".exitcode/$n"
	new "$state"
	gets "ok ok ok" open wc ".born/$n" write "any thing\n" close
	journal "${past}2 born"
	new "$state"
	gets "ok ok" open w "$n" write "Born: $late\n"
	journal "${past}2 born"
	expect_eq "a rebirth that was written" "$(field Born)" "$late"
	new "$state"
	gets "ok ok" open w "$n" write "Born: $early\n"
	gets "ok ok" open w "$n" write "Born: $(field Died)\n"
	nothing_new
done

# --- the table: ready

new never
gets "ok ok" open wc ".ready/$n" close
journal "1 born,1 ready"
expect_eq "born when ready" "$(field Born)" "$(field Ready)"
new never
gets "ok ok ok" open wc "$n" write "Ready: $early\n" close
journal "1 born,1 ready"
expect_eq "a readiness that was written" "$(field Born) $(field Ready)" "$early $early"

new alive
gets "ok ok" open wc ".ready/$n" close
journal "${past}1 ready"
has_stone "Born Ready"
new alive
gets "ok ok" open w "$n" write "Ready: $early\n"
journal "${past}1 ready"

new ready
was=$(field Ready)
gets "ok ok" open wc ".ready/$n" close
gets "ok ok" open w "$n" write "Ready: $early\n"
nothing_new
expect_eq "readiness, told twice" "$(field Ready)" "$was"

for state in dead dead3; do
	new "$state"
	gets "EPERM" open wc ".ready/$n"
	gets "EPERM" open wcx ".ready/$n"
	gets "ok EPERM" open w "$n" write "Ready: $early\n"
	expect_fails touch "$G/.ready/$n"
	nothing_new
	absent ".ready/$n"
done

# --- the table: death, and its code

new never
gets "ok ok" open wc ".died/$n" close
journal "1 born,1 died"
has_stone "Born Died"
expect_eq "born when it died" "$(field Born)" "$(field Died)"
new never
gets "ok ok ok" open wc ".died/$n" write "3\n" close
journal "1 born,1 died 3"
new never
gets "ok ok ok" open wc "$n" write "ExitCode: 3\n" close
journal "1 born,1 died 3"
new never
gets "ok ok ok" open wc "$n" write "3\n" close
journal "1 born,1 died 3"
new never
gets "ok ok ok" open wc "$n" write "Died: $early\n" close
journal "1 born,1 died"
expect_eq "a death that was written" "$(field Born) $(field Died)" "$early $early"

for state in alive ready; do
	new "$state"
	gets "ok ok" open wc ".died/$n" close
	journal "${past}1 died"
	absent ".alive/$n" ".ready/$n" ".exitcode/$n"
	new "$state"
	gets "ok ok ok" open wc ".died/$n" write "3\n" close
	journal "${past}1 died 3"
	new "$state"
	gets "ok ok" open w "$n" write "ExitCode: \"3\"\nDied: '$late'\n"
	journal "${past}1 died 3"
	expect_eq "a death that was written" "$(field Died)" "$late"
done

new dead
gets "ok ok" open wc ".died/$n" close
gets "ok ok" open w "$n" write "Died: $early\n"
nothing_new
gets "ok ok" open w ".died/$n" write "3\n"
journal "${past}1 exitcode 3"
gets "ok EPERM" open w ".died/$n" write "4\n"
gets "ok EPERM ok" open w "$n" write "ExitCode: 4\n" write "ExitCode: 3\n"
journal "${past}1 exitcode 3"
new dead
gets "ok ok" open w "$n" write "ExitCode: 0\n"
journal "${past}1 exitcode 0"
expect_eq "a code filled in" "$(sed -n 's/^ExitCode: //p' "$G/.wait/succeeded/$n")" 0

new dead3
was=$(field Died)
gets "ok ok" open wc ".died/$n" close
gets "ok ok ok" open wct ".died/$n" write "3\n" close
gets "ok ok" open w "$n" write "Died: $early\nExitCode: 3\n"
gets "ok EPERM" open w ".died/$n" write "4\n"
gets "ok EPERM" open w ".died/$n" write "-1\n"
gets "ok EPERM" open w "$n" write "ExitCode: 4\n"
nothing_new
expect_eq "a death, told twice" "$(field Died)" "$was"

# --- epitaphs

new never
gets "ok ok ok" open wc "$n" write "Epitaph: soon\n" close
journal "1 born,1 epitaph"
new alive
gets "ok ok" open w "$n" write "Epitaph: later\n"
gets "ok ok EPERM" open w "$n" write "Epitaph: later\n" write "Epitaph: other\n"
journal "${past}1 epitaph"
has_stone "Born Epitaph"
new alive
gets "ok ok" open wc ".died/$n" write "Epitaph: killed\n"
journal "${past}1 epitaph,1 died"
for state in dead dead3; do
	new "$state"
	gets "ok ok" open w "$n" write "Epitaph: \"out of memory\"\n"
	gets "ok EPERM ok" open w "$n" write "Epitaph: other\n" write "Epitaph: out of memory\n"
	journal "${past}1 epitaph"
	expect_eq "epitaph" "$(field Epitaph)" "out of memory"
done

# --- a whole stone in one write: field by field, and all of it or nothing

whole="Born: $early\nDied: $late\nExitCode: 3\n"
new never
gets "ok ok ok" open wct "$n" write "$whole" close
journal "1 born,1 died 3"
expect_eq "its times" "$(field Born) $(field Died)" "$early $late"
gets "ok ok ok" open wct "$n" write "$whole" close
journal "1 born,1 died 3"
new never
gets "ok ok" open wc "$n" write "Epitaph: e\nExitCode: 0\nReady: $early\nMood: fine\nBorn: $early\n"
journal "1 born,1 ready,1 epitaph,1 died 0"
new alive
gets "ok ok" open w "$n" write "$whole"
journal "${past}1 died 3"
new dead3
gets "ok ok" open w "$n" write "Born: $late\nDied: $late\nExitCode: 4\n"
journal "${past}2 born,2 died 4"
new dead3
gets "ok ok" open w "$n" write "Born: $late\nReady: $late\n"
journal "${past}2 born,2 ready"
new dead3
gets "ok EPERM" open w "$n" write "Epitaph: none\nExitCode: 4\n"
gets "ok EPERM" open w "$n" write "ExitCode: 3\nReady: $late\nEpitaph: none\n"
gets "ok EINVAL" open w "$n" write "Epitaph: none\nExitCode: 300\n"
nothing_new
has_stone "Born Died ExitCode"
new alive
gets "ok EINVAL" open w "$n" write "ExitCode: 3\nrubbish\n"
gets "ok EINVAL" open w "$n" write "Ready: $late\nBorn: yesterday\n"
nothing_new
