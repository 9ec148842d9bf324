/* SPDX-License-Identifier: Apache-2.0 */
/* .help: one screen that teaches the rest by example. */
#include "base/buf.h"
#include "fs/fs.h"
#include "fs/view.h"

static const char help[] =
	"A graveyard: tell here when you are born, ready, dead; wait here for others.\n"
	"G=/graveyard; any name of A-Z a-z 0-9 . _ - will do, here: agent\n"
	"\n"
	"TELL   touch $G/.born/agent             I live (again)\n"
	"       touch $G/.ready/agent            I am ready\n"
	"       echo 3 > $G/.died/agent          I died with exit code 3\n"
	"       touch $G/.died/agent             I died, nobody knows how\n"
	"       exec agent 9>$G/.lease/agent     I live until that ends, however it does\n"
	"ASK    test -f $G/.died/agent           dead? (.born .ready .alive .lease too)\n"
	"       cat $G/agent                     all that is known\n"
	"       cat $G/.exitcode/agent           the code of the dead\n"
	"WAIT   cat $G/.wait/died/agent          returns when it dies, with the stone\n"
	"       read -r c < $G/.wait/exitcode/agent && exit \"$c\"\n"
	"       cat $G/.wait/ready/db@30s        ... or fails after 30 s\n"
	"       cat $G/.wait/died/a,b            any of them;  a+b  all of them\n"
	"       cat $G/.wait/died/agent@next     not what is so already: the next time\n"
	"       until read -r _ < $G/.wait/died/agent; do sleep 1; done   outlives me\n"
	"       also .wait/born .wait/succeeded (a life ended with 0)\n"
	"       cat $G/.wait/listening/80@60s    somebody listens on TCP port 80\n"
	"       cat $G/.wait/drained/80:3s       nobody has been connected to it for 3 s\n"
	"LOOK   cat $G/.status                   who is dead, since when\n"
	"       cat $G/.log                      SEQ TIME NAME LIFE WHAT CODE UID GID PID\n"
	"       cat $G/.events@now               the same, line by line, as it happens\n"
	"       cat $G/.history/agent            every life of it\n"
	"RUN    $G/.bin/bury --name agent --until died:db -- agent     does all that for it,\n"
	"                                        and stops it on a death (bury --help)\n"
	"\n"
	"In a script, right in sh, bash, ash, mksh and zsh:\n"
	"       touch $G/.born/agent\n"
	"       trap 'c=$?; echo $c > $G/.died/agent; exit $c' EXIT\n"
	"       trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM\n"
	"Without the second line of traps, on TERM bash tells 0, mksh 143 once its command\n"
	"has ended, and the others nothing.\n"
	"A trap runs once the command in the foreground has ended: for one that takes\n"
	"long, `command & wait $!`. SIGKILL runs no trap: take a lease.\n"
	"dash calls every refused write an I/O error: the daemon's log has the reason.\n";

static int help_look(struct fs *fs, const struct view *view, const char *text, size_t len,
		     struct file *ret_file)
{
	(void)view, (void)text, (void)len;
	*ret_file = (struct file){
		.size = sizeof(help) - 1, .changed = fs->started, .uid = fs->uid, .gid = fs->gid};
	return 0;
}

static int help_read(struct fs *fs, const struct view *view, const struct node *node,
		     struct handle *handle, uint64_t offset, size_t size, struct buf *text)
{
	size_t len = sizeof(help) - 1;

	(void)fs, (void)view, (void)node, (void)handle;
	if (offset < len)
		buf_add(text, help + offset, size < len - offset ? size : len - (size_t)offset);
	return 0;
}

const struct view_ops view_help_ops = {
	.look = help_look,
	.read = help_read,
};
