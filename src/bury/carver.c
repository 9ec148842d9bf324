/* SPDX-License-Identifier: Apache-2.0 */
#include "bury/carver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"

void carver_init(struct carver *carver, const char *directory, const char *name)
{
	*carver =
		(struct carver){.directory = directory, .name = name, .lease = -1, .plain.fd = -1};
}

static int open_to_write(const struct carver *c, const char *view, int *ret_fd)
{
	char path[PATH_MAX];
	int r = place_path(c->directory, view, c->name, path);
	int fd = r < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0644);

	if (fd < 0)
		return r < 0 ? r : -errno;
	*ret_fd = fd;
	return 0;
}

/* A file of the file system's, in one write, which is all or nothing, and has the error if there is one. */
static int write_served(const struct carver *c, const char *view, const char *text, size_t len)
{
	_cleanup_(cleanup_close) int fd = -1;
	int r = open_to_write(c, view, &fd);

	if (r == 0 && write(fd, text, len) < 0)
		r = -errno;
	return r;
}

static void drop_lease(struct carver *c)
{
	if (c->lease >= 0)
		(void)close(c->lease);
	c->lease = -1;
}

/*
 * Its opening is the birth, but what cannot be kept is only told to who sets its times, as touch(1) does.
 * The one before is let go of after: a life shall not end in between. */
static int take_lease(struct carver *c)
{
	int fd, r = open_to_write(c, ".lease", &fd);

	if (r < 0)
		return r;
	r = futimens(fd, NULL) < 0 ? -errno : 0;
	drop_lease(c);
	c->lease = fd;
	return r;
}

static int begin(struct carver *c)
{
	struct place place;
	int r;

	place_look(c->directory, &place);
	if (place.kind == PLACE_GONE)
		return place.error;
	if (place.kind == PLACE_PLAIN)
		return plain_begin(&c->plain, c->directory, c->name, &c->stone);
	plain_release(&c->plain);
	r = take_lease(c);
	if (r == 0 && stone_has(&c->stone, FACT_READY))
		r = write_served(c, ".ready", "\n", 1);
	return r;
}

int carver_born(struct carver *carver, int64_t now)
{
	if (!carver->name)
		return 0;
	carver->stone = (struct stone){.facts = FACT_BIT(FACT_BORN), .born = now};
	return begin(carver);
}

int carver_again(struct carver *carver)
{
	if (!carver->name || !stone_has(&carver->stone, FACT_BORN) ||
	    stone_has(&carver->stone, FACT_DIED))
		return 0;
	return begin(carver);
}

/* On a graveyardfs all that we know goes into one write: what it knows already is nothing new to it. */
static int write_stone(struct carver *c)
{
	struct buf text = BUF_INIT;
	int r;

	stone_format(&c->stone, &text);
	r = buf_error(&text);
	if (r == 0)
		r = write_served(c, NULL, text.data, text.len);
	buf_release(&text);
	return r;
}

static int add(struct carver *c, unsigned facts)
{
	struct stone more = c->stone;
	struct place place;

	place_look(c->directory, &place);
	if (place.kind == PLACE_GONE)
		return place.error;
	if (place.kind == PLACE_SERVED)
		return write_stone(c);
	more.facts &= facts;
	return plain_add(&c->plain, c->directory, c->name, &more, &c->stone);
}

int carver_ready(struct carver *carver, int64_t now)
{
	if (!carver->name || stone_has(&carver->stone, FACT_READY))
		return 0;
	carver->stone.facts |= FACT_BIT(FACT_READY);
	carver->stone.ready = now;
	return add(carver, FACT_BIT(FACT_READY));
}

int carver_died(struct carver *carver, int64_t now, int code, const char *epitaph)
{
	const unsigned facts = FACT_BIT(FACT_DIED) | FACT_BIT(FACT_CODE) | FACT_BIT(FACT_EPITAPH);
	struct stone *stone = &carver->stone;

	if (!carver->name)
		return 0;
	if (!stone_has(stone, FACT_BORN))
		*stone = (struct stone){.facts = FACT_BIT(FACT_BORN), .born = now};
	stone->died = now;
	stone->code = code;
	strncpy(stone->epitaph, epitaph, STONE_EPITAPH_MAX);
	stone->facts |= *epitaph ? facts : facts & ~FACT_BIT(FACT_EPITAPH);
	return add(carver, facts);
}

void carver_release(struct carver *carver)
{
	drop_lease(carver);
	plain_release(&carver->plain);
}
