/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/option_table.h"
#include "core/condition.h"
#include "core/name.h"

static const char *set_db(struct options *o, const char *argument)
{
	o->db = argument;
	return *argument ? NULL : "is empty";
}

static const char *set_durability(struct options *o, const char *argument)
{
	o->power = strcmp(argument, "power") == 0;
	return o->power || strcmp(argument, "process") == 0 ? NULL : "is neither process nor power";
}

static const char *set_names(struct options *o, const char *argument)
{
	for (const char *s = argument; s;) {
		size_t n = strcspn(s, ",");

		if (!name_valid(s, n))
			return "is not a list of names, as in a,b,c";
		s = s[n] ? s + n + 1 : NULL;
	}
	o->names = argument;
	return NULL;
}

static const char *set_fresh(struct options *o, const char *argument)
{
	(void)argument;
	o->fresh = true;
	return NULL;
}

static const char *set_read_only(struct options *o, const char *argument)
{
	(void)argument;
	o->read_only = true;
	return NULL;
}

static const char *set_read_only_at(struct options *o, const char *argument)
{
	o->read_only_at = argument;
	return *argument ? NULL : "is empty";
}

static const char *set_until(struct options *o, const char *argument)
{
	struct condition condition;
	const char *why = NULL;

	o->until = argument;
	(void)condition_parse(argument, strlen(argument), &condition, &why);
	return why;
}

static const char *set_linger(struct options *o, const char *argument)
{
	return duration_parse(argument, strlen(argument), &o->linger) == 0
		       ? NULL
		       : "is not a duration, as in 30s, 1m30s or 400ms";
}

static const char *parse_count(const char *argument, uint64_t max, uint64_t *ret_count)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(argument, &end, 10);
	if (*argument < '0' || *argument > '9' || *end || errno || n == 0 || n > max)
		return "is not a number in the range of this option";
	*ret_count = n;
	return NULL;
}

static const char *set_max_waits(struct options *o, const char *argument)
{
	uint64_t count = o->max_waits;
	const char *wrong = parse_count(argument, 4000000, &count);

	o->max_waits = (unsigned)count;
	return wrong;
}

static const char *set_max_names(struct options *o, const char *argument)
{
	return parse_count(argument, INT64_MAX, &o->max_names);
}

static const char *set_log_level(struct options *o, const char *argument)
{
	return record_level_parse(argument, &o->log_level) == 0
		       ? NULL
		       : "is none of error, warning, info, debug";
}

static const char *set_log_format(struct options *o, const char *argument)
{
	o->log_json = strcmp(argument, "json") == 0;
	return o->log_json || strcmp(argument, "logfmt") == 0 ? NULL : "is neither logfmt nor json";
}

static const char *set_directory(struct options *o, const char *argument, enum action action)
{
	if (o->action != ACTION_SERVE)
		return "comes with another that says what to do";
	o->action = action;
	o->mountpoint = argument;
	return NULL;
}

static const char *set_check(struct options *o, const char *argument)
{
	return set_directory(o, argument, ACTION_CHECK);
}

static const char *set_unmount(struct options *o, const char *argument)
{
	return set_directory(o, argument, ACTION_UNMOUNT);
}

static const char *set_janitor(struct options *o, const char *argument)
{
	return set_directory(o, argument, ACTION_JANITOR);
}

static const char *set_timeline(struct options *o, const char *argument)
{
	return set_directory(o, argument, ACTION_TIMELINE);
}

static const char *set_help(struct options *o, const char *argument)
{
	(void)argument;
	o->action = ACTION_HELP;
	return NULL;
}

static const char *set_version(struct options *o, const char *argument)
{
	(void)argument;
	o->action = ACTION_VERSION;
	return NULL;
}

static const struct option_row rows[] = {
	{.help = "What is kept:"},
	{"db", "FILE", set_db, "the database (/var/lib/graveyard/graveyard.db)"},
	{"durability", "WHAT", set_durability,
	 "process (default) or power: whose loss it survives"},
	{"fresh", NULL, set_fresh, "start with every earlier life in the history"},
	{.help = "What is allowed:"},
	{"names", "A,B,C", set_names, "only these names exist; any other is ENOENT"},
	{"max-names", "N", set_max_names, "names that may ever be known (1000000)"},
	{"max-waits", "N", set_max_waits, "reads that may be parked at once (65536)"},
	{.help = "When it ends:"},
	{"until", "COND", set_until, "end once this holds"},
	{"linger", "DURATION", set_linger, "then, or on SIGTERM, serve on while needed (1s)"},
	{.help = "For looking only:"},
	{"read-only", NULL, set_read_only, "serve a private copy of an existing database"},
	{"read-only-at", "DIR", set_read_only_at, "mount it there, too, read-only for everybody"},
	{.help = "The log, on standard error:"},
	{"log-level", "LEVEL", set_log_level, "error, warning, info (default) or debug"},
	{"log-format", "FORMAT", set_log_format, "logfmt (default) or json"},
	{.help = "Instead of serving:"},
	{"check", "DIR", set_check, "is one served there? Exit status 0 or 1"},
	{"unmount", "DIR", set_unmount, "take the graveyard there down"},
	{"janitor", "DIR", set_janitor, "sleep until SIGTERM, then unmount what is left"},
	{"timeline", "[LOG]", set_timeline, "draw a .log (standard input) as SVG"},
	{"version", NULL, set_version, "print the version"},
	{"help", NULL, set_help, "print this"},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= OPTION_ROWS_MAX, "the table has room for them");

static const struct option_table table = {rows, sizeof(rows) / sizeof(rows[0]), 19};

void options_usage(FILE *to)
{
	(void)fputs("usage: graveyardfs [OPTION]... MOUNTPOINT\n"
		    "       graveyardfs --check DIR | --unmount DIR | --janitor DIR... |\n"
		    "                   --timeline [LOG]\n"
		    "Serves a graveyard at MOUNTPOINT, in the foreground, until SIGTERM.\n",
		    to);
	option_table_print(&table, to);
	(void)fputs(
		"\nCOND is died:NAME, born:NAME, ready:NAME or succeeded:NAME, or several of\n"
		"them, joined by + (all) or , (any). A DURATION is as in 30s, 1m30s or 400ms.\n\n"
		"Exit status: 0; 1 --check, --unmount: there is none; 100 usage, or a LOG that is\n"
		"none; 111 the system failed us. More: graveyardfs(8), graveyard(5), .help\n",
		to);
}

/* Is somebody waited for who cannot exist? */
static bool waits_in_vain(const struct options *o)
{
	struct condition_part part = {0};
	struct condition condition;
	const char *why;

	if (!o->until || !o->names ||
	    condition_parse(o->until, strlen(o->until), &condition, &why) < 0)
		return false;
	while (condition_next_part(&condition, &part))
		if (!name_listed(o->names, part.name.name, part.name.len))
			return true;
	return false;
}

static int check_together(const struct options *o, char *why, size_t why_size)
{
	if (o->read_only && o->fresh)
		return option_complain(why, why_size, "--fresh",
				       "changes what --read-only leaves alone");
	if (o->read_only && o->until)
		return option_complain(why, why_size, "--until",
				       "waits for what does not happen with --read-only");
	if (waits_in_vain(o))
		return option_complain(why, why_size, "--until",
				       "waits for a name that is not in --names");
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, char *why, size_t why_size)
{
	struct options o = {
		.db = "/var/lib/graveyard/graveyard.db",
		.linger = NSEC_PER_SEC,
		.max_waits = 65536,
		.max_names = 1000000,
		.log_level = RECORD_INFO,
	};
	int next = option_table_parse(&table, argc, argv, &o, why, why_size);

	if (next < 0)
		return next;
	if (o.action == ACTION_SERVE) {
		if (next == argc || !*argv[next])
			return option_complain(why, why_size, "MOUNTPOINT", "is missing");
		o.mountpoint = argv[next++];
	}
	if (o.action == ACTION_TIMELINE && next < argc) {
		o.mountpoint = strcmp(argv[next], "-") == 0 ? NULL : argv[next];
		next++;
	}
	if (o.action == ACTION_JANITOR) {
		o.others = argv + next;
		o.other_count = argc - next;
		next = argc;
	}
	if (next < argc && o.action != ACTION_HELP && o.action != ACTION_VERSION)
		return option_complain(why, why_size, argv[next], "is one argument too many");
	next = check_together(&o, why, why_size);
	if (next == 0)
		*ret_options = o;
	return next;
}
