/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile: clients that mean no good.
 *
 *	hostile GRAVEYARD tails COUNT	as many handles, each with half a line in it
 *	hostile GRAVEYARD greedy SIZE	a write of that size after half a line
 *	hostile GRAVEYARD opens COUNT	as many handles that are not closed
 *	hostile GRAVEYARD fuzz SEED SECONDS
 *					random system calls on random paths, as root and as others
 *
 * What they do may fail; it must not hang.
 */
#include "must.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

#define PROCESSES 4
#define FILES 32

static const char *g;
static uint64_t random_state;

static unsigned draw(unsigned below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * 0x2545f4914f6cdd1du >> 33) % below);
}

static const char *pick(const char *const *words, size_t count)
{
	return words[draw((unsigned)count)];
}

#define PICK(words) pick(words, sizeof(words) / sizeof((words)[0]))

/* ---- many handles ---- */

static void allow_files(unsigned count)
{
	const struct rlimit files = {count + 64, count + 64};

	must(setrlimit(RLIMIT_NOFILE, &files) == 0);
}

static void tails(unsigned count)
{
	unsigned held = 0;

	for (unsigned i = 0; i < count; i++) {
		char path[64];
		int fd;

		(void)snprintf(path, sizeof(path), ".died/tail%u", i);
		fd = open_in(g, path, O_WRONLY | O_CREAT);
		/* Where there is no room for more, the writer hears so. */
		if (write(fd, "ExitCo", 6) == 6)
			held++;
	}
	printf("%u held\n", held);
}

/* A write that is refused after half a line, and others that hold half a line after it. */
static void greedy(unsigned count)
{
	static char much[1 << 16];
	int refused = open_in(g, ".died/greedy", O_WRONLY | O_CREAT);
	int next = open_in(g, ".died/next", O_WRONLY | O_CREAT);
	int other = open_in(g, ".died/other", O_WRONLY | O_CREAT);

	must(count <= sizeof(much));
	memset(much, 'x', count);
	must(write(refused, "Exit", 4) == 4);
	must(write(refused, much, count) < 0 && errno == EFBIG);
	must(write(next, "ExitCode: 4", 11) == 11);
	must(write(other, "ExitCode: 5", 11) == 11);
	must(close(refused) == 0 && close(next) == 0 && close(other) == 0);
}

static void opens(unsigned count)
{
	static const char *const files[] = {".log",          ".status",       ".events",
					    ".wait/died/a",  ".wait/ready/b", ".wait/exitcode/c+d",
					    ".wait/born/a,b"};
	unsigned opened = 0;

	for (unsigned i = 0; i < count; i++) {
		char path[4096];

		(void)snprintf(path, sizeof(path), "%s/%s", g, PICK(files));
		if (open(path, O_RDONLY | O_NONBLOCK) >= 0)
			opened++;
	}
	printf("%u opened\n", opened);
}

/* ---- random calls ---- */

static const char *random_name(void)
{
	static const char *const names[] = {"a", "b", "c", "web-0", "x.y", "A_1"};
	/* No dot: not out of the graveyard. */
	static const char odd[] = "\x01\t\n /\\\"'*@,+:-~\x7f\x80\xc2\xffn";
	static char name[1024];
	unsigned kind = draw(20), len = kind == 0 ? 253 : kind == 1 ? 254 + draw(20) : draw(6);

	if (kind > 2)
		return PICK(names);
	for (unsigned i = 0; i < len; i++)
		name[i] = odd[kind == 2 ? draw(sizeof(odd) - 1) : sizeof(odd) - 2];
	name[len] = '\0';
	return name;
}

static void random_path(char *path, size_t size)
{
	static const char *const places[] = {"",
					     "",
					     ".born/",
					     ".ready/",
					     ".alive/",
					     ".died/",
					     ".exitcode/",
					     ".history/",
					     ".wait/died/",
					     ".wait/born/",
					     ".wait/ready/",
					     ".wait/exitcode/",
					     ".wait/succeeded/"};
	static const char *const others[] = {
		"",           ".log",        ".status",        ".help",
		".events",    ".wait",       ".bin",           ".bin/bury",
		".born",      ".events@now", ".events@999999", ".events@18446744073709551616",
		".events@",   ".",

		".wait/died", ".metrics",    ".none"};
	static const char *const ends[] = {"",       "",       "@10ms", "@next@5ms",
					   ",b@5ms", "+c@5ms", "@",     ","};
	const char *place = PICK(places);

	if (draw(8) == 0) {
		(void)snprintf(path, size, "%s/%s", g, PICK(others));
		return;
	}
	(void)snprintf(path, size, "%s/%s%s%s", g, place, random_name(),
		       strncmp(place, ".wait", 5) == 0 ? PICK(ends) : "");
}

static size_t random_text(char *text, size_t size)
{
	static const char *const words[] = {"Born: ",
					    "Ready: ",
					    "Died: ",
					    "ExitCode: ",
					    "Epitaph: ",
					    "\"",
					    "\n",
					    "3",
					    "-1",
					    "256",
					    "Other: x",
					    "# no\n",
					    "'2026-11-21T03:00:00Z'\n",
					    "2026-11-21T03:00:00+01:00\n",
					    "9999-12-31T23:59:60Z\n",
					    "\xff\xfe\\n"};
	size_t len = 0;

	if (draw(10) == 0) {
		for (len = 0; len < size && draw(4000); len++)
			text[len] = (char)((int)draw(256) - 128);
		return len;
	}
	for (unsigned n = 1 + draw(6); n > 0; n--) {
		const char *word = PICK(words);

		while (*word)
			text[len++] = *word++;
	}
	return len;
}

static int files[FILES];

static void call_on_path(void)
{
	char path[4096], other[4096];
	struct stat st;

	random_path(path, sizeof(path));
	random_path(other, sizeof(other));
	switch (draw(14)) {
	case 0:
		(void)stat(path, &st);
		break;
	case 1:
		(void)access(path, (int)draw(8));
		break;
	case 2:
		(void)unlink(path);
		break;
	case 3:
		(void)rename(path, other);
		break;
	case 4:
		(void)mkdir(path, 0777);
		(void)rmdir(other);
		break;
	case 5:
		(void)symlink(other, path);
		break;
	case 6:
		(void)link(other, path);
		break;
	case 7:
		(void)mknod(path, S_IFIFO | 0666, 0);
		break;
	case 8:
		(void)truncate(path, draw(5000));
		break;
	case 9:
		(void)chmod(path, draw(4096));
		break;
	case 10:
		(void)chown(path, draw(3) ? (uid_t)-1 : 1000, draw(1001));
		break;
	case 11:
		(void)utimensat(AT_FDCWD, path, NULL, 0);
		break;
	case 12:
		(void)setxattr(path, "user.x", "y", 1, 0);
		(void)getxattr(path, "user.x", other, sizeof(other));
		(void)listxattr(path, other, sizeof(other));
		break;
	default:
		(void)chdir(path);
	}
}

static void reopen(int *fd)
{
	static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY};
	static const int flags[] = {O_CREAT,     O_EXCL,   O_TRUNC, O_APPEND,
				    O_DIRECTORY, O_DIRECT, O_PATH};
	char path[4096];
	int how = modes[draw(4)] | O_CLOEXEC;

	random_path(path, sizeof(path));
	for (int i = 0; i < 7; i++)
		if (draw(i == 0 ? 2 : 10) == 0)
			how |= flags[i];
	/* What may block for ever is only read without. */
	if (!strchr(path, '@') || draw(2))
		how |= O_NONBLOCK;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = open(path, how, 0666);
}

static void call_on_file(int fd)
{
	static char text[9000];
	struct pollfd event = {.fd = fd, .events = POLLIN | POLLOUT};
	void *map;

	switch (draw(14)) {
	case 0:
	case 1:
	case 2:
		(void)write(fd, text, random_text(text, sizeof(text)));
		break;
	case 3:
	case 4:
		(void)read(fd, text, 1 + draw(sizeof(text) - 1));
		break;
	case 5:
		(void)pread(fd, text, 1 + draw(500), (off_t)draw(1u << draw(31)) << draw(30));
		break;
	case 6:
		(void)lseek(fd, draw(10000), (int)draw(5));
		break;
	case 7:
		(void)poll(&event, 1, 0);
		break;
	case 8:
		(void)futimens(fd, NULL);
		(void)fchown(fd, (uid_t)-1, (gid_t)-1);
		break;
	case 9:
		(void)ftruncate(fd, draw(100));
		(void)fallocate(fd, 0, 0, 100);
		break;
	case 10:
		(void)fsync(fd);
		(void)ioctl(fd, draw(1u << 31), text);
		break;
	case 11:
		map = mmap(NULL, 4096, PROT_READ, draw(2) ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		if (map != MAP_FAILED)
			(void)munmap(map, 4096);
		break;
	case 12:
		(void)sendfile(files[draw(FILES)], fd, NULL, 100);
		break;
	default:
		(void)close(dup(fd)); /* a flush */
	}
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void fuzz(uint64_t seed, unsigned number, unsigned seconds)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval every = {{0, 20000}, {0, 20000}};
	time_t end = time(NULL) + seconds;
	uint64_t calls = 0;

	random_state = (seed << 8 | number) * 0x9e3779b97f4a7c15u | 1;
	must(sigaction(SIGALRM, &action, NULL) == 0);
	must(setitimer(ITIMER_REAL, &every, NULL) == 0);
	(void)signal(SIGPIPE, SIG_IGN);
	if (number % 2) {
		must(setresgid(1000 + number, 1000 + number, 1000 + number) == 0);
		must(setresuid(1000 + number, 1000 + number, 1000 + number) == 0);
	}
	for (int i = 0; i < FILES; i++)
		files[i] = -1;
	for (; time(NULL) < end; calls++) {
		int *fd = &files[draw(FILES)];

		if (draw(4) == 0)
			call_on_path();
		else if (*fd < 0 || draw(6) == 0)
			reopen(fd);
		else
			call_on_file(*fd);
	}
	printf("%llu calls\n", (unsigned long long)calls);
	(void)fflush(stdout);
	_exit(0);
}

static void fuzz_all(uint64_t seed, unsigned seconds)
{
	int status;

	for (unsigned i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid == 0)
			fuzz(seed, i, seconds);
	}
	(void)alarm(seconds + 20);
	while (wait(&status) > 0)
		must(status == 0);
}

int main(int argc, char **argv)
{
	unsigned n;

	must(argc >= 4);
	g = argv[1];
	n = (unsigned)strtoul(argv[3], NULL, 10);
	random_state = 1;
	if (strcmp(argv[2], "fuzz") == 0) {
		must(argc == 5);
		fuzz_all(n, (unsigned)atoi(argv[4]));
		return 0;
	}
	allow_files(n);
	if (strcmp(argv[2], "tails") == 0)
		tails(n);
	else if (strcmp(argv[2], "greedy") == 0)
		greedy(n);
	else
		opens(n);
	return 0;
}
