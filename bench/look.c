/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look: what a stat costs.
 *
 *	look ROUNDS LABEL:present|absent:COUNT:PATH…
 *
 * COUNT 0 takes PATH as it is; otherwise each round takes PATH with a random number below COUNT
 * appended, in seven digits. The contests take turns. Prints "LABEL MEDIAN P99 ROUNDS".
 */
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_CONTESTS 8
#define BLOCK 200

struct contest {
	const char *label, *path;
	bool present;
	long count;
	struct sample sample;
};

static void contest_init(struct contest *contest, char *text)
{
	const char *presence, *count;

	contest->label = strtok(text, ":");
	presence = strtok(NULL, ":");
	count = strtok(NULL, ":");
	contest->path = strtok(NULL, "");
	errno = EINVAL;
	if (!contest->path)
		fail("not LABEL:present|absent:COUNT:PATH: '%s'", text);
	contest->present = !strcmp(presence, "present");
	contest->count = parse_count(count);
}

static void look(struct contest *contest)
{
	struct stat st;
	path_t path;
	int64_t start;
	int r;

	if (contest->count)
		path_format(path, "%s%07ld", contest->path, random() % contest->count);
	else
		path_format(path, "%s", contest->path);
	start = now_ns();
	r = stat(path, &st);
	sample_add(&contest->sample, now_ns() - start);
	if ((r == 0) != contest->present)
		fail("stat '%s' gave %d", path, r);
}

int main(int argc, char **argv)
{
	struct contest contests[MAX_CONTESTS] = {0};
	int n = argc - 2;
	long rounds;

	if (n < 1 || n > MAX_CONTESTS) {
		fprintf(stderr, "usage: look ROUNDS LABEL:present|absent:COUNT:PATH...\n");
		return 100;
	}
	rounds = parse_count(argv[1]);
	for (int i = 0; i < n; i++)
		contest_init(&contests[i], argv[i + 2]);
	for (long done = 0; done < rounds; done += BLOCK)
		for (int i = 0; i < n; i++)
			for (long j = 0; j < BLOCK; j++)
				look(&contests[i]);
	for (int i = 0; i < n; i++) {
		sample_print(&contests[i].sample, contests[i].label);
		sample_release(&contests[i].sample);
	}
	return 0;
}
