#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""completion.py COMPLETIONS: types at a real bash, and looks at what completion makes of the line."""
import os
import pty
import re
import subprocess
import sys
import tempfile

SHOW = 'bind -x \'"\\C-xp": printf "line<%s>\\n" "$READLINE_LINE"\''
TAB = '\t'
ALL = '\x1b*'  # inserts all that might be meant


class Shell:
    """An interactive bash in a terminal of its own."""

    def __init__(self, completions, directory):
        self.master, slave = pty.openpty()
        environment = {'PATH': os.environ['PATH'], 'TERM': 'dumb', 'HOME': directory, 'INPUTRC': '/dev/null'}
        self.process = subprocess.Popen(
            ['bash', '--norc', '--noprofile', '-i'], cwd=directory, env=environment,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.unread = b''
        self.type('PS1=; bind "set enable-bracketed-paste off"; %s; . %s; echo rea""dy\n' % (SHOW, completions))
        self.expect(rb'ready\r\n')

    def type(self, text):
        """Types it."""
        os.write(self.master, text.encode())

    def expect(self, pattern):
        """Reads until there is a match, and returns it."""
        while not (found := re.search(pattern, self.unread)):
            self.unread += os.read(self.master, 4096)
        self.unread = self.unread[found.end():]
        return found

    def line(self, text):
        """What the line is once this was typed."""
        self.type(text + '\x18p')
        line = self.expect(rb'line<([^>]*)>').group(1).decode()
        self.type('\x15\x0b')  # leaves an empty line
        return line

    def close(self):
        """Ends it."""
        self.type('exit\n')
        self.process.wait()
        os.close(self.master)


def expect(shell, typed, wanted):
    """Fails where a line becomes another."""
    got = shell.line(typed)
    if got != wanted:
        sys.exit('%r became %r, expected %r' % (typed, got, wanted))


CASES = [
    # options
    ('graveyardfs --dur', TAB, 'graveyardfs --durability '),
    ('graveyardfs --durability p', ALL, 'graveyardfs --durability power process '),
    ('graveyardfs --durability=po', TAB, 'graveyardfs --durability=power '),
    ('graveyardfs --fresh --log-l', TAB, 'graveyardfs --fresh --log-level '),
    ('graveyardfs --log-format j', TAB, 'graveyardfs --log-format json '),
    ('graveyardfs --log-level ', ALL, 'graveyardfs --log-level debug error info warning '),
    # files and directories
    ('graveyardfs --db to', TAB, 'graveyardfs --db tombs.db '),
    ('graveyardfs --db=to', TAB, 'graveyardfs --db=tombs.db '),
    ('graveyardfs --db a', TAB, 'graveyardfs --db a\\ file '),
    ('graveyardfs --check g', TAB, 'graveyardfs --check ground/'),
    ('graveyardfs --janitor ground g', TAB, 'graveyardfs --janitor ground ground/'),
    ('graveyardfs --timeline to', TAB, 'graveyardfs --timeline tombs.db '),
    ('graveyardfs --fresh g', TAB, 'graveyardfs --fresh ground/'),
    ('graveyardfs --db x -- g', TAB, 'graveyardfs --db x -- ground/'),
    # conditions
    ('graveyardfs --until d', TAB, 'graveyardfs --until died:'),
    ('graveyardfs --until=d', TAB, 'graveyardfs --until=died:'),
    ('graveyardfs --until died:a+b', TAB, 'graveyardfs --until died:a+born:'),
    ('graveyardfs --until ', ALL, 'graveyardfs --until born: died: ready: succeeded: '),
    ('graveyardfs --until died:a,', ALL, 'graveyardfs --until died:a,born: a,died: a,ready: a,succeeded: '),
    ('graveyardfs --names d', TAB, 'graveyardfs --names d'),
    # the supervisor
    ('bury --graveyard ground --after r', TAB, 'bury --graveyard ground --after ready:'),
    ('bury --graveyard ground --after ready:ag', TAB, 'bury --graveyard ground --after ready:agent '),
    ('bury --graveyard=ground --until born:x+died:ag', TAB, 'bury --graveyard=ground --until born:x+died:agent '),
    ('bury --after listen', TAB, 'bury --after listening:'),
    ('bury --graveyard ', TAB, 'bury --graveyard ground/'),
    ('bury --signal U', ALL, 'bury --signal USR1 USR2 '),
    ('bury --name a --no-', TAB, 'bury --name a --no-ready '),
    ('bury tou', TAB, 'bury touch '),
    ('bury --name x ./pro', TAB, 'bury --name x ./program '),
    ('bury --name x -- ./program --db to', TAB, 'bury --name x -- ./program --db tombs.db '),
    ('bury cat to', TAB, 'bury cat tombs.db '),
]


def main():
    """Types each case."""
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(directory + '/ground')
        for name in 'tombs.db', 'a file', 'ground/agent', 'program':
            with open(os.path.join(directory, name), 'w', encoding='ascii'):
                pass
        os.chmod(directory + '/program', 0o755)
        shell = Shell(os.path.realpath(sys.argv[1]), directory)
        for typed, key, wanted in CASES:
            expect(shell, typed + key, wanted)
        for program in 'graveyardfs', 'bury':
            shell.type('echo "options<$(printf "%%s\\n" ${_%s_options//=/} | LC_ALL=C sort | xargs)>"\n' % program)
            options = shell.expect(rb'\noptions<([^>]*)>').group(1).decode()
            expect(shell, program + ' --' + ALL, '%s %s ' % (program, options))
        shell.close()


main()
