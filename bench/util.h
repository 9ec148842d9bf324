/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probes share. A probe measures and prints one line a result on standard output; whatever
 * goes wrong ends it with a message and status 1, for a figure from a broken run is worse than none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NS_PER_US 1e3
#define NS_PER_MS 1e6
#define NS_PER_S INT64_C(1000000000)

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Room for every path a probe makes. */
typedef char path_t[512];
void path_format(path_t ret_path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A number from the command line; anything else is a usage error. */
long parse_count(const char *text);

int64_t now_ns(void);

/* A growing set of times. All fields private; {0} is an empty one. */
struct sample {
	int64_t *ns;
	size_t n, size;
};

void sample_add(struct sample *sample, int64_t ns);
/* The value that `percent` per cent do not exceed. Sorts. */
int64_t sample_percentile(struct sample *sample, double percent);
/* "LABEL MEDIAN P99 COUNT", in microseconds. */
void sample_print(struct sample *sample, const char *label);
void sample_release(struct sample *sample);

/* Opens, writes all of `text` in one write, closes. `flags` are added to O_WRONLY | O_CREAT. */
int open_or_fail(const char *path, int flags);
void write_or_fail(int fd, const char *text);
void touch_file(const char *path);
void write_file(const char *path, int flags, const char *text);

/*
 * Returns once thread `tid` of process `pid` sleeps inside the system call `number`, which it shall
 * enter soon; -1 stands for any. Looks, and gives up the processor in between: no event says so.
 */
void await_blocked(pid_t pid, pid_t tid, long number);

/*
 * Returns once a file system whose server answers in order has seen every request made before:
 * a read that is asleep in the kernel is then parked with the server, too. Harmless elsewhere.
 */
void await_server(const char *dir);

/* Children the probe must not outlive; a child that fails ends the probe. */
pid_t fork_child(void);
void await_child(pid_t pid);

/* The child of that process that /proc calls so, once there is one. */
pid_t await_child_named(pid_t parent, const char *name);

/* Kilobytes of memory that process `pid` and its descendants hold, shared pages counted once. */
long memory_kb(pid_t pid);
