/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/funeral.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/record.h"
#include "bury/carver.h"

#define PAUSE_FIRST 50 /* ms, doubled each time, up to the last */
#define PAUSE_LAST 1000

static bool may_pass(int error)
{
	return place_outage(error) || error == -ENOSPC || error == -EDQUOT || error == -EIO ||
	       error == -EAGAIN || error == -ENOMEM || error == -ENFILE || error == -ENOENT;
}

/* Pauses. True: we were told to go. */
static bool is_hurried(int signals, int pause)
{
	struct pollfd fd = {.fd = signals, .events = POLLIN};
	struct signalfd_siginfo signal;
	bool hurried = false;

	if (poll(&fd, 1, pause) != 1)
		return false;
	while (read(signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal))
		hurried = hurried || signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT;
	return hurried;
}

void funeral(struct carver *carver, int signals, int64_t patience, int code, const char *epitaph)
{
	int64_t now = clock_now(), start = clock_monotonic();
	int told = 0, pause = PAUSE_FIRST, r;

	do {
		r = carver_died(carver, now, code, epitaph);
		/* Once for each reason, not for each try. */
		if (r < 0 && r != told)
			told = record_failure(r, "cannot-write-stone", "graveyard",
					      carver->directory);
		if (!may_pass(r) || clock_monotonic() - start >= patience)
			break;
		pause = pause * 2 > PAUSE_LAST ? PAUSE_LAST : pause * 2;
	} while (!is_hurried(signals, pause));
	if (r == 0 && told < 0)
		record_event(RECORD_INFO, "stone-written", "graveyard", carver->directory);
}
