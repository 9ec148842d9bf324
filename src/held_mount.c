/* SPDX-License-Identifier: Apache-2.0 */
#include "held_mount.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "mountpoint.h"

void held_mount_init(struct held_mount *m, const char *given, bool read_only,
		     const char *read_only_at)
{
	*m = (struct held_mount){.given = given, .read_only = read_only};
	second_mount_init(&m->second, read_only_at);
	for (unsigned i = 0; i < DEVICES; i++)
		m->fds[i] = -1;
}

static int clear(const char *path, mode_t mode)
{
	int r = mountpoint_make(path, mode);

	if (r == 0)
		r = mountpoint_clear(path);
	if (r == -EBUSY) {
		log_error("'%s' is a graveyard already, and is served", path);
		return r;
	}
	return log_failure(r, "use the directory", path);
}

int held_mount_clear(struct held_mount *m)
{
	/* Who comes before the mount does may write there: it is taken in. */
	int r = clear(m->given, 0777);

	if (r == 0)
		r = log_failure(mountpoint_find(m->given, m->path), "find", m->given);
	if (r == 0 && m->second.given)
		r = clear(m->second.given, 0755);
	if (r == 0 && m->second.given)
		r = second_mount_place(&m->second, m->path);
	return r;
}

int held_mount_make(struct held_mount *m)
{
	int r = mountpoint_mount(m->path, m->read_only, &m->fds[0]);

	if (r < 0)
		return log_failure(r, "mount a FUSE file system on", m->path);
	m->mounted = true;
	r = log_failure(devices_open(m->fds[0], m->fds), "open more of", "/dev/fuse");
	return r == 0 && m->second.given ? second_mount_make(&m->second, m->path) : r;
}

void held_mount_look(struct held_mount *m)
{
	second_mount_look(&m->second);
}

void held_mount_let_go(struct held_mount *m)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		if (m->fds[i] >= 0)
			(void)close(m->fds[i]);
		m->fds[i] = -1;
	}
}

void held_mount_give_up(struct held_mount *m)
{
	second_mount_end(&m->second);
	held_mount_let_go(m);
	(void)mountpoint_unmount(m->path);
	m->mounted = false;
}

void held_mount_abort(struct held_mount *m)
{
	m->mounted = false;
	second_mount_end(&m->second);
	(void)log_failure(mountpoint_abort(m->path), "unmount", m->path);
	held_mount_let_go(m);
}

void held_mount_end(struct held_mount *m, bool gone)
{
	int r;

	if (!m->mounted)
		return;
	m->mounted = false;
	second_mount_end(&m->second);
	if (gone) {
		held_mount_let_go(m);
		r = mountpoint_clear(m->path);
		if (r == -EBUSY)
			return;
	} else {
		r = mountpoint_unmount(m->path);
		held_mount_let_go(m);
	}
	(void)log_failure(r, "unmount", m->path);
}
