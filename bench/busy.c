/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy: what the other operations cost while N reads are parked, and what those take of memory.
 *
 *	busy N ROUNDS DIR [PID]
 *
 * Measures with none and with N parked, by turns. Prints "OPERATION-free" and "OPERATION-parked",
 * each with MEDIAN P99 COUNT, and, with the server's PID, "memory BYTES-A-READ BEFORE-KB WITH-KB"
 * from the first time that reads are parked.
 */
#include "readers.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURNS 3

enum operation { STAT_ABSENT, STAT_PRESENT, READ_STONE, WRITE_DEATH, OPERATIONS };

struct bench {
	const char *dir;
	long n, rounds, deaths;
	pid_t server;
	path_t present;
	struct sample samples[2][OPERATIONS];
};

static void stat_absent(struct bench *bench)
{
	struct stat st;
	path_t path;

	path_format(path, "%s/nobody", bench->dir);
	if (!stat(path, &st) || errno != ENOENT)
		fail("stat '%s'", path);
}

static void stat_present(struct bench *bench)
{
	struct stat st;

	if (stat(bench->present, &st))
		fail("stat '%s'", bench->present);
}

static void read_stone(struct bench *bench)
{
	char text[4096];
	int fd = open_or_fail(bench->present, O_RDONLY);

	if (read(fd, text, sizeof(text)) <= 0)
		fail("read '%s'", bench->present);
	close(fd);
}

static void write_death(struct bench *bench)
{
	path_t path;

	path_format(path, "%s/.died/b%d-%ld", bench->dir, getpid(), bench->deaths++);
	write_file(path, 0, "3\n");
}

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} operations[] = {
	[STAT_ABSENT] = {"stat-absent", stat_absent},
	[STAT_PRESENT] = {"stat-present", stat_present},
	[READ_STONE] = {"read", read_stone},
	[WRITE_DEATH] = {"death", write_death},
};

static void measure(struct bench *bench, struct sample *samples)
{
	for (long round = 0; round < bench->rounds; round++) {
		for (int i = 0; i < OPERATIONS; i++) {
			int64_t start = now_ns();

			operations[i].run(bench);
			sample_add(&samples[i], now_ns() - start);
		}
	}
}

static void print_memory(const struct bench *bench, long before)
{
	long with = memory_kb(bench->server);

	printf("memory %.0f %ld %ld\n", (double)(with - before) * 1024 / (double)bench->n, before,
	       with);
}

static void turn(struct bench *bench, int number)
{
	struct readers readers;
	path_t wait_path, died_path;
	long before = 0;

	path_format(wait_path, "%s/.wait/died/p%d-%d", bench->dir, getpid(), number);
	path_format(died_path, "%s/.died/p%d-%d", bench->dir, getpid(), number);
	measure(bench, bench->samples[0]);
	if (bench->server)
		before = memory_kb(bench->server);
	readers_park(&readers, wait_path, bench->n);
	await_server(bench->dir);
	if (bench->server && number == 0)
		print_memory(bench, before);
	measure(bench, bench->samples[1]);
	write_file(died_path, 0, "3\n");
	readers_await(&readers);
	readers_dismiss(&readers);
}

static void print_results(struct bench *bench)
{
	static const char *const states[] = {"free", "parked"};
	char label[64];

	for (int i = 0; i < OPERATIONS; i++) {
		for (int state = 0; state < 2; state++) {
			snprintf(label, sizeof(label), "%s-%s", operations[i].name, states[state]);
			sample_print(&bench->samples[state][i], label);
			sample_release(&bench->samples[state][i]);
		}
	}
}

int main(int argc, char **argv)
{
	struct bench bench = {0};

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: busy N ROUNDS DIR [PID]\n");
		return 100;
	}
	bench.n = parse_count(argv[1]);
	bench.rounds = (parse_count(argv[2]) + TURNS - 1) / TURNS;
	bench.dir = argv[3];
	bench.server = argc == 5 ? (pid_t)parse_count(argv[4]) : 0;
	allow_descriptors(bench.n);
	/* the name that floor has; a stone once it is written */
	path_format(bench.present, "%s/present", bench.dir);
	if (access(bench.present, F_OK))
		write_file(bench.present, 0, "ExitCode: 3\n");
	for (int i = 0; i < TURNS; i++)
		turn(&bench, i);
	print_results(&bench);
	return 0;
}
