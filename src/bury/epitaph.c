/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/epitaph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bury/signal_names.h"

__attribute__((format(printf, 2, 3))) static void add(struct epitaph *e, const char *format, ...)
{
	size_t len = strlen(e->text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(e->text + len, sizeof(e->text) - len, format, args);
	va_end(args);
}

void epitaph_hopeless(struct epitaph *e, const struct goal *after)
{
	char text[TERM_TEXT_MAX];

	add(e, "not started: %s: it died before it was ready",
	    term_text(goal_decider(after, TERM_HOPELESS), text));
}

void epitaph_late(struct epitaph *e, const struct goal *after, bool there)
{
	char text[TERM_TEXT_MAX];

	add(e, "not started: in vain waited for%s", there ? "" : " the graveyard");
	for (unsigned i = 0; i < after->count; i++) {
		if (after->terms[i].state == TERM_PENDING)
			add(e, " %s", term_text(&after->terms[i], text));
	}
}

void epitaph_signalled(struct epitaph *e, int signal)
{
	char text[SIGNAL_NAME_MAX];

	add(e, "not started: SIG%s", signal_name(signal, text));
}

void epitaph_not_run(struct epitaph *e, const char *command, int error)
{
	add(e, "cannot run '%.200s': %s", command, strerror(-error));
}

void epitaph_cued(struct epitaph *e, const struct goal *until, bool started)
{
	char text[TERM_TEXT_MAX];

	add(e, "%s: %s", started ? "stopped" : "not started",
	    term_text(goal_decider(until, TERM_HOLDS), text));
}

void epitaph_add_killed(struct epitaph *e)
{
	add(e, "%skilled, as it did not end in time", *e->text ? "; " : "");
}

void epitaph_add_code(struct epitaph *e, int code)
{
	add(e, "%sit ended with %d", *e->text ? "; " : "", code);
}
