/* SPDX-License-Identifier: Apache-2.0 */
/* .help: a screen of 80 by 24, the prompt after it included, that teaches the rest by example. */
#include "base/buf.h"
#include "fs/fs.h"
#include "fs/view.h"

static const char help[] =
	"A graveyard: tell here when you are born, ready, dead; wait here for others.\n"
	"G=/graveyard; here for the name \"agent\", as for any of A-Z a-z 0-9 . _ -\n"
	"TELL  touch $G/.born/agent             I live (again); .ready/agent: I am ready\n"
	"      echo 3 > $G/.died/agent          I died with code 3 (touch: code unknown)\n"
	"      exec agent 9>$G/.lease/agent     I live until that ends, SIGKILL included\n"
	"ASK   test -f $G/.died/agent           dead? Also .born .ready .alive\n"
	"      cat $G/agent $G/.exitcode/agent  all that is known; the code of the dead\n"
	"WAIT  cat $G/.wait/died/agent          till it dies. Also born ready succeeded\n"
	"      read -r c < $G/.wait/exitcode/agent && exit \"$c\"         ends as it did\n"
	"      until read -r _ < $G/.wait/died/agent; do sleep 1; done  outlives me\n"
	"      cat $G/.wait/ready/a,b@30s       any of a, b (a+b: both) within 30 s\n"
	"      cat $G/.wait/died/agent@next     not what is so already: the next time\n"
	"      cat $G/.wait/listening/80        till somebody listens on TCP port 80\n"
	"      cat $G/.wait/drained/80:3s       till nobody was connected to it for 3 s\n"
	"LOOK  cat $G/.status                   as first heard of; 2d: 2 wait for a death\n"
	"      cat $G/.status.json $G/.metrics  for programs; for Prometheus\n"
	"      cat $G/.log $G/.events@now       what was; what comes. Also .history/agent\n"
	"RUN   $G/.bin/bury --name agent --until died:db -- agent     does it all for it\n"
	"TRAP  where no lease will do; what takes long: `command & wait $!`\n"
	"      touch $G/.born/agent\n"
	"      trap 'c=$?; echo $c > $G/.died/agent; exit $c' EXIT\n"
	"      trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM\n"
	"A write that is refused (dash: \"I/O error\") is explained in the daemon's log.\n";

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
