/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/options.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/option_table.h"
#include "bury/kubexit.h"
#include "bury/signal_names.h"

static const char *set_name(struct options *o, const char *argument)
{
	size_t len;

	argument = goal_trim(argument, strlen(argument), &len);
	if (!name_valid(argument, len))
		return "is no name: 1 to 253 of A-Z a-z 0-9 . _ -, neither . nor - in front";
	memcpy(o->name_text, argument, len);
	o->name_text[len] = '\0';
	o->name = o->name_text;
	return NULL;
}

static const char *set_graveyard(struct options *o, const char *argument)
{
	o->graveyard = argument;
	if (*argument == '\0')
		return "is empty";
	return strlen(argument) < PATH_MAX / 2 ? NULL : "is too long";
}

static const char *set_goal(struct goal *goal, const char *argument)
{
	const char *why = NULL;

	return goal_parse(goal, argument, &why) < 0 ? why : NULL;
}

static const char *set_after(struct options *o, const char *argument)
{
	return set_goal(&o->after, argument);
}

static const char *set_until(struct options *o, const char *argument)
{
	return set_goal(&o->until, argument);
}

static const char *set_duration(int64_t *duration, const char *argument)
{
	return duration_parse(argument, strlen(argument), duration) < 0
		       ? "is not a duration, as in 30s, 1m30s or 400ms"
		       : NULL;
}

static const char *set_after_timeout(struct options *o, const char *argument)
{
	return set_duration(&o->after_timeout, argument);
}

static const char *set_grace(struct options *o, const char *argument)
{
	return set_duration(&o->grace, argument);
}

static const char *set_ignore_code(struct options *o, const char *argument)
{
	(void)argument;
	o->ignore_code = true;
	return NULL;
}

static const char *set_signal(struct options *o, const char *argument)
{
	o->signal = signal_parse(argument);
	return o->signal < 0 ? "is no signal, as in TERM, INT or 15" : NULL;
}

static const char *set_group(struct options *o, const char *argument)
{
	(void)argument;
	o->group = true;
	return NULL;
}

static const char *set_notify(struct options *o, const char *argument)
{
	(void)argument;
	o->readiness = READY_TOLD;
	return NULL;
}

static const char *set_ready(struct options *o, const char *argument)
{
	(void)argument;
	o->readiness = READY_RUNNING;
	return NULL;
}

static const char *set_no_ready(struct options *o, const char *argument)
{
	(void)argument;
	o->readiness = READY_UNSAID;
	return NULL;
}

static const char *set_json(struct options *o, const char *argument)
{
	(void)argument;
	o->json = true;
	return NULL;
}

static const char *set_quiet(struct options *o, const char *argument)
{
	(void)argument;
	o->quiet = true;
	return NULL;
}

static const char *set_install(struct options *o, const char *argument)
{
	o->action = ACTION_INSTALL;
	o->install = argument;
	return *argument ? NULL : "is empty";
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
	{.help = "Who it is:"},
	{"name", "NAME", set_name, "the name on the stone; without one there is none"},
	{"graveyard", "DIR", set_graveyard, "where the stones are (/graveyard)"},
	{.help = "When it runs:"},
	{"after", "COND", set_after, "start the command once this holds"},
	{"after-timeout", "DURATION", set_after_timeout, "at most so long after the start (30s)"},
	{"until", "COND", set_until, "stop the command once this holds"},
	{.help = "How it is stopped:"},
	{"signal", "SIGNAL", set_signal, "stop it with this rather than TERM"},
	{"group", NULL, set_group, "signals are for its whole process group"},
	{"grace", "DURATION", set_grace, "a stop that takes longer is a KILL (30s)"},
	{"ignore-code", NULL, set_ignore_code, "exit with 0 if it was stopped by --until"},
	{.help = "When it is called ready:"},
	{"notify", NULL, set_notify, "ready when it says so (sd_notify)"},
	{"ready", NULL, set_ready, "ready as soon as it runs"},
	{"no-ready", NULL, set_no_ready, "ready when somebody else says so (default)"},
	{.help = "The log, on standard error:"},
	{"json", NULL, set_json, "JSON rather than key=value"},
	{"quiet", NULL, set_quiet, "log errors only"},
	{.help = "Instead of running:"},
	{"install", "DIR", set_install, "copy this program to DIR/bury, and end"},
	{"version", NULL, set_version, "print the version"},
	{"help", NULL, set_help, "print this"},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= OPTION_ROWS_MAX, "the table has room for them");

static const struct option_table table = {rows, sizeof(rows) / sizeof(rows[0]), 22};

const char *options_set(struct options *options, const char *name, const char *argument)
{
	return option_table_set(&table, options, name, argument);
}

void options_usage(FILE *to)
{
	(void)fputs("usage: bury [OPTION]... [--] COMMAND [ARGUMENT]...\n"
		    "       bury cat FILE...\n"
		    "       bury touch FILE...\n"
		    "       bury --install DIR\n"
		    "Runs a command between the deaths of others, and carves its stone.\n",
		    to);
	option_table_print(&table, to);
	(void)fputs(
		"\nCOND is born:NAME, ready:NAME, died:NAME, succeeded:NAME or listening:PORT,\n"
		"or several of them, joined by + (all) or , (any).\n\n"
		"kubexit's environment is understood: KUBEXIT_NAME, _GRAVEYARD, _BIRTH_DEPS,\n"
		"_BIRTH_TIMEOUT, _DEATH_DEPS, _GRACE_PERIOD, _IGNORE_CODE_ON_DEATH_DEPS.\n\n"
		"Exit status: the command's, 128+N for signal N, 126 it cannot be run, 127 there\n"
		"is no such command; 143 it was to stop before it began; 1 it was not begun, as\n"
		"what --after waits for did not come; 2 usage; 111 the system failed us.\n",
		to);
}

static int complain(char why[OPTIONS_WHY_MAX], const char *option, const char *what)
{
	return option_complain(why, OPTIONS_WHY_MAX, option, what);
}

/* Before the name of a command: such a one is run with -- in front of it. */
static bool is_tool(const char *word, enum action *ret_action)
{
	if (strcmp(word, "cat") == 0)
		*ret_action = ACTION_CAT;
	else if (strcmp(word, "touch") == 0)
		*ret_action = ACTION_TOUCH;
	else
		return false;
	return true;
}

static int check(struct options *o, char *why)
{
	for (unsigned i = 0; i < o->until.count; i++)
		o->until.terms[i].persistent = true;
	if (o->action != ACTION_RUN)
		return 0;
	if (!*o->command)
		return complain(why, "COMMAND", "is missing");
	if (!o->name && o->after.count == 0 && o->until.count == 0)
		return complain(why, "--name",
				"(or KUBEXIT_NAME) is missing, and there is nothing to wait for");
	if (o->name && (goal_names(&o->after, o->name) || goal_names(&o->until, o->name)))
		return complain(why, o->name, "waits for itself");
	return 0;
}

/* Served by a graveyardfs, as GRAVEYARD/.bin/bury: then that is the graveyard, unless told otherwise. */
static void default_graveyard(struct options *o, char *program)
{
	static const char suffix[] = "/.bin/bury";
	size_t len = strlen(program), suffix_len = strlen(suffix);

	o->graveyard = "/graveyard";
	if (len > suffix_len && strcmp(program + len - suffix_len, suffix) == 0) {
		program[len - suffix_len] = '\0';
		o->graveyard = program;
	}
}

/* Terms that there are not are left as they are: pages that nobody has touched cost nothing. */
static void set_defaults(struct options *o)
{
	memset(o, 0, offsetof(struct options, after));
	o->after_timeout = o->grace = 30 * NSEC_PER_SEC;
	o->signal = SIGTERM;
	o->after.all = o->until.all = true;
	o->after.count = o->until.count = 0;
}

int options_parse(int argc, char **argv, char **environment, struct options *ret_options,
		  char why[OPTIONS_WHY_MAX])
{
	struct options *o = ret_options;
	int next;

	set_defaults(o);
	if (argc > 1 && is_tool(argv[1], &o->action)) {
		o->command = argv + 2;
		return *o->command ? 0 : complain(why, "FILE", "is missing");
	}
	default_graveyard(o, argv[0]);
	if (kubexit_read(o, environment, why) < 0)
		return -EINVAL;
	next = option_table_parse(&table, argc, argv, o, why, OPTIONS_WHY_MAX);
	if (next < 0)
		return next;
	o->command = argv + next;
	return check(o, why);
}
