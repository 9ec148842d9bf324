/* SPDX-License-Identifier: Apache-2.0 */
/*
 * try STEP…: system calls one after the other in one process, and for each a word on one line: "ok", or
 * the name of its errno. A step that fails does not keep the next from being tried. The steps act on
 * paths, or on the file opened last.
 *
 *	try open wct G/agent write 'ExitCode: 3\n' close
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_MAX 2

static int fd = -1;
static const char *said; /* what a step wants to say instead of "ok" */

static int open_flags(const char *letters)
{
	int flags = O_RDONLY;

	for (; *letters; letters++) {
		switch (*letters) {
		case 'r':
			flags |= O_RDONLY;
			break;
		case 'w':
			flags |= O_WRONLY;
			break;
		case 'b':
			flags |= O_RDWR;
			break;
		case 'c':
			flags |= O_CREAT;
			break;
		case 't':
			flags |= O_TRUNC;
			break;
		case 'x':
			flags |= O_EXCL;
			break;
		case 'a':
			flags |= O_APPEND;
			break;
		case 'n':
			flags |= O_NONBLOCK;
			break;
		default:
			fprintf(stderr, "try: no such flag: '%c'\n", *letters);
			exit(2);
		}
	}
	return flags;
}

static int try_open(char **args)
{
	if (fd >= 0)
		close(fd);
	fd = open(args[1], open_flags(args[0]) | O_CLOEXEC, 0666);
	return fd;
}

static int written(ssize_t n, size_t len)
{
	if (n >= 0 && (size_t)n != len)
		said = "short";
	return n < 0 ? -1 : 0;
}

/* The text with \n for a newline: $(…) in a shell strips them. */
static int try_write(char **args)
{
	char *to = args[0];

	for (const char *from = args[0]; *from; from++) {
		if (from[0] == '\\' && from[1] == 'n') {
			*to++ = '\n';
			from++;
		} else {
			*to++ = *from;
		}
	}
	return written(write(fd, args[0], (size_t)(to - args[0])), (size_t)(to - args[0]));
}

/* A field, as many letters that the write has N bytes in all, and a newline. */
static int try_fill(char **args)
{
	size_t field = strlen(args[0]), len = strtoul(args[1], NULL, 10);
	char *text = malloc(len + 1);
	int r;

	if (!text || len <= field)
		exit(2);
	memset(text, 'x', len);
	memcpy(text, args[0], field);
	text[len - 1] = '\n';
	r = written(write(fd, text, len), len);
	free(text);
	return r;
}

static int try_read(char **args)
{
	static char text[8192];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)args;
	if (n < 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, ":\n")] = '\0';
	said = n == 0 ? "eof" : text;
	return 0;
}

/* What shells do before they write: FLUSH, though the file stays open. */
static int try_flush(char **args)
{
	int copy = dup(fd);

	(void)args;
	return copy < 0 ? -1 : close(copy);
}

static int try_close(char **args)
{
	int r = close(fd);

	(void)args;
	fd = -1;
	return r;
}

static int try_ftruncate(char **args)
{
	(void)args;
	return ftruncate(fd, 0);
}

static int try_futimens(char **args)
{
	(void)args;
	return futimens(fd, NULL);
}

static int try_fchmod(char **args)
{
	return fchmod(fd, (mode_t)strtoul(args[0], NULL, 8));
}

static int try_truncate(char **args)
{
	return truncate(args[0], 0);
}

static int try_utimens(char **args)
{
	return utimensat(AT_FDCWD, args[0], NULL, 0);
}

/* A time of one's own, which only the owner may set. */
static int try_mtime(char **args)
{
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	return utimensat(AT_FDCWD, args[0], times, 0);
}

static int try_chmod(char **args)
{
	return chmod(args[1], (mode_t)strtoul(args[0], NULL, 8));
}

static int try_chown(char **args)
{
	uid_t id = (uid_t)strtoul(args[0], NULL, 10);

	return chown(args[1], id, id);
}

static int try_access(char **args)
{
	return access(args[0], W_OK);
}

static int try_stat(char **args)
{
	struct stat st;

	return stat(args[0], &st);
}

static int try_mkdir(char **args)
{
	return mkdir(args[0], 0777);
}

static int try_rmdir(char **args)
{
	return rmdir(args[0]);
}

static int try_mknod(char **args)
{
	return mknod(args[0], S_IFREG | 0666, 0);
}

static int try_mkfifo(char **args)
{
	return mkfifo(args[0], 0666);
}

static int try_rename(char **args)
{
	return rename(args[0], args[1]);
}

static int try_link(char **args)
{
	return link(args[0], args[1]);
}

static int try_symlink(char **args)
{
	return symlink(args[0], args[1]);
}

static int try_unlink(char **args)
{
	return unlink(args[0]);
}

static int try_setuid(char **args)
{
	uid_t id = (uid_t)strtoul(args[0], NULL, 10);

	return setgid(id) < 0 ? -1 : setuid(id);
}

static const struct step {
	const char *name;
	int args;
	int (*run)(char **args);
} steps[] = {
	/* clang-format off */
	{"open", 2, try_open},
	{"write", 1, try_write},
	{"fill", 2, try_fill},
	{"read", 0, try_read},
	{"flush", 0, try_flush},
	{"close", 0, try_close},
	{"truncate", 1, try_truncate},
	{"ftruncate", 0, try_ftruncate},
	{"utimens", 1, try_utimens},
	{"futimens", 0, try_futimens},
	{"mtime", 1, try_mtime},
	{"chmod", 2, try_chmod},
	{"fchmod", 1, try_fchmod},
	{"chown", 2, try_chown},
	{"stat", 1, try_stat},
	{"access", 1, try_access},
	{"mkdir", 1, try_mkdir},
	{"rmdir", 1, try_rmdir},
	{"mknod", 1, try_mknod},
	{"mkfifo", 1, try_mkfifo},
	{"rename", 2, try_rename},
	{"link", 2, try_link},
	{"symlink", 2, try_symlink},
	{"unlink", 1, try_unlink},
	{"setuid", 1, try_setuid},
	/* clang-format on */
};

static const struct step *find_step(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	fprintf(stderr, "try: no such step: '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc;) {
		const struct step *step = find_step(argv[i]);
		int r;

		if (argc - i <= step->args) {
			fprintf(stderr, "try: '%s' wants more\n", step->name);
			return 2;
		}
		said = "ok";
		r = step->run(argv + i + 1);
		printf("%s%s", i > 1 ? " " : "", r < 0 ? strerrorname_np(errno) : said);
		i += 1 + step->args;
	}
	printf("\n");
	return 0;
}
