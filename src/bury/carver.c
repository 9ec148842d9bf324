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
	*carver = (struct carver){
		.directory = directory, .name = name, .lease = -1, .grave = -1, .plain.fd = -1};
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

static void replace(int *fd, int other)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = other;
}

/*
 * Its opening is the birth, and succeeds once that is kept. The one before is let go of after: a life shall not end in
 * between.
 */
static int take_lease(struct carver *c)
{
	int lease = -1, r = open_to_write(c, ".lease", &lease);

	if (r < 0)
		return r;
	replace(&c->lease, lease);
	replace(&c->grave, -1);
	return 0;
}

/* Into a graveyardfs, all that we know in one write, which is all or nothing: what it knows is nothing new to it. */
static int write_stone(const struct carver *c, int fd)
{
	struct buf text = BUF_INIT;
	int r;

	stone_format(&c->stone, &text);
	r = buf_error(&text);
	if (r == 0 && pwrite(fd, text.data, text.len, 0) < 0)
		r = -errno;
	buf_release(&text);
	return r;
}

static int begin(struct carver *c, const struct place *place)
{
	int r;

	if (place->kind == PLACE_GONE)
		return place->error;
	if (place->kind == PLACE_PLAIN) {
		replace(&c->lease, -1);
		replace(&c->grave, -1);
		return plain_begin(&c->plain, c->directory, c->name, &c->stone);
	}
	r = take_lease(c);
	if (r == 0)
		plain_leave(&c->plain);
	return r;
}

int carver_born(struct carver *carver, const struct place *place, int64_t now)
{
	if (!carver->name)
		return 0;
	carver->stone = (struct stone){.facts = FACT_BIT(FACT_BORN), .born = now};
	return begin(carver, place);
}

void carver_prepare(struct carver *carver)
{
	int fd = -1;

	if (carver->name && carver->lease >= 0 && open_to_write(carver, NULL, &fd) == 0)
		replace(&carver->grave, fd);
}

int carver_again(struct carver *carver, const struct place *place)
{
	int r;

	if (!carver->name || !stone_has(&carver->stone, FACT_BORN) ||
	    stone_has(&carver->stone, FACT_DIED))
		return 0;
	r = begin(carver, place);
	carver_prepare(carver);
	if (r == 0 && carver->grave >= 0 && stone_has(&carver->stone, FACT_READY))
		r = write_stone(carver, carver->grave);
	return r;
}

/* Into what is there, of which nothing is open. */
static int add_to(struct carver *c, const struct place *place, const struct stone *more)
{
	_cleanup_(cleanup_close) int fd = -1;
	int r;

	if (place->kind == PLACE_GONE)
		return place->error;
	if (place->kind == PLACE_PLAIN)
		return plain_add(&c->plain, c->directory, c->name, more, &c->stone);
	r = open_to_write(c, NULL, &fd);
	return r < 0 ? r : write_stone(c, fd);
}

static int add_anew(struct carver *c, const struct stone *more)
{
	struct place place;
	int r;

	do {
		place_look(c->directory, &place);
		r = add_to(c, &place, more);
	} while (r < 0 && !place_outage(r) && place_moved(c->directory, &place));
	return r;
}

static int add(struct carver *c, unsigned facts)
{
	struct stone more = c->stone;
	int r = c->grave >= 0 ? write_stone(c, c->grave) : -ENOTCONN;

	if (!place_outage(r))
		return r;
	more.facts &= facts;
	return add_anew(c, &more);
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
	replace(&carver->lease, -1);
	replace(&carver->grave, -1);
	plain_release(&carver->plain);
}
