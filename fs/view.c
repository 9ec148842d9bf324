/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/view.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "fs/fs.h"
#include "fs/state.h"

#define BIT FACT_BIT

/* A directory that holds views only: no name in it is ever looked at (node_resolve()). */
static const struct view_ops dir_ops = {0};

/* clang-format off */
static const struct view views[VIEW_COUNT] = {
	[VIEW_ROOT] = { .name = "", .ops = &view_stone_ops, .directory = true, .mode = 0777,
		.list = STORE_LIST_ON_VIEW, .needs = BIT(FACT_BORN),
		.writable = true, .deed = DEED_STONE },
	[VIEW_BORN] = { .name = ".born", .ops = &view_stone_ops, .directory = true, .mode = 0777,
		.list = STORE_LIST_ON_VIEW, .needs = BIT(FACT_BORN),
		.writable = true, .deed = DEED_BIRTH },
	[VIEW_READY] = { .name = ".ready", .ops = &view_stone_ops, .directory = true, .mode = 0777,
		.list = STORE_LIST_ALIVE, .needs = BIT(FACT_READY), .lacks = BIT(FACT_DIED),
		.writable = true, .deed = DEED_READY },
	[VIEW_ALIVE] = { .name = ".alive", .ops = &view_stone_ops, .directory = true, .mode = 0555,
		.list = STORE_LIST_ALIVE, .needs = BIT(FACT_BORN), .lacks = BIT(FACT_DIED) },
	[VIEW_DIED] = { .name = ".died", .ops = &view_stone_ops, .directory = true, .mode = 0777,
		.list = STORE_LIST_ON_VIEW, .needs = BIT(FACT_DIED),
		.writable = true, .deed = DEED_DEATH },
	[VIEW_EXITCODE] = { .name = ".exitcode", .ops = &view_stone_ops, .directory = true, .mode = 0555,
		.list = STORE_LIST_ON_VIEW, .needs = BIT(FACT_CODE) },
	[VIEW_LEASE] = { .name = ".lease", .ops = &view_stone_ops, .directory = true, .mode = 0777,
		.list = STORE_LIST_ALIVE, .needs = BIT(FACT_BORN), .lacks = BIT(FACT_DIED), .leased = true,
		.writable = true, .deed = DEED_STONE },
	[VIEW_HISTORY] = { .name = ".history", .ops = &view_history_ops, .directory = true, .mode = 0555,
		.list = STORE_LIST_EVERY, .sliced = true },
	[VIEW_WAIT] = { .name = ".wait", .ops = &dir_ops, .directory = true, .mode = 0555 },
	[VIEW_WAIT_BORN] = { .name = "born", .parent = VIEW_WAIT, .ops = &view_wait_ops,
		.directory = true, .mode = 0555, .list = STORE_LIST_ON_VIEW, .wait = WAIT_BORN },
	[VIEW_WAIT_READY] = { .name = "ready", .parent = VIEW_WAIT, .ops = &view_wait_ops,
		.directory = true, .mode = 0555, .list = STORE_LIST_ON_VIEW, .wait = WAIT_READY },
	[VIEW_WAIT_DIED] = { .name = "died", .parent = VIEW_WAIT, .ops = &view_wait_ops,
		.directory = true, .mode = 0555, .list = STORE_LIST_ON_VIEW, .wait = WAIT_DIED },
	[VIEW_WAIT_EXITCODE] = { .name = "exitcode", .parent = VIEW_WAIT, .ops = &view_wait_ops,
		.directory = true, .mode = 0555, .list = STORE_LIST_ON_VIEW, .wait = WAIT_EXITCODE },
	[VIEW_WAIT_SUCCEEDED] = { .name = "succeeded", .parent = VIEW_WAIT, .ops = &view_wait_ops,
		.directory = true, .mode = 0555, .list = STORE_LIST_ON_VIEW, .wait = WAIT_SUCCEEDED },
	[VIEW_WAIT_LISTENING] = { .name = "listening", .parent = VIEW_WAIT, .ops = &view_ports_ops,
		.directory = true, .unlisted = true, .mode = 0555 },
	[VIEW_WAIT_DRAINED] = { .name = "drained", .parent = VIEW_WAIT, .ops = &view_ports_ops,
		.directory = true, .unlisted = true, .mode = 0555, .drained = true },
	[VIEW_EVENTS] = { .name = ".events", .ops = &view_events_ops, .endless = true, .suffixed = true, .mode = 0444 },
	[VIEW_LOG] = { .name = ".log", .ops = &view_log_ops, .sliced = true, .mode = 0444 },
	[VIEW_STATUS] = { .name = ".status", .ops = &view_status_ops, .sliced = true, .mode = 0444 },
	[VIEW_STATUS_JSON] = { .name = ".status.json", .ops = &view_status_json_ops, .sliced = true, .mode = 0444 },
	[VIEW_METRICS] = { .name = ".metrics", .ops = &view_metrics_ops, .mode = 0444 },
	[VIEW_HELP] = { .name = ".help", .ops = &view_help_ops, .mode = 0444 },
	[VIEW_BIN] = { .name = ".bin", .ops = &dir_ops, .directory = true, .mode = 0555 },
	[VIEW_BIN_BURY] = { .name = "bury", .parent = VIEW_BIN, .ops = &view_bin_ops,
		.cached = true, .mode = 0555 },
};
/* clang-format on */

const struct view *view_get(enum view_id id)
{
	return &views[id];
}

bool view_holds_views(const struct view *view)
{
	return view->ops == &dir_ops;
}

static bool is_called(const struct view *view, const char *name, size_t len,
		      const char **ret_suffix)
{
	size_t n = strlen(view->name);

	if (len < n || memcmp(view->name, name, n) != 0)
		return false;
	if (len == n || (view->suffixed && name[n] == '@')) {
		*ret_suffix = name + n;
		return true;
	}
	return false;
}

int view_find(enum view_id parent, const char *name, size_t len, enum view_id *ret_id,
	      const char **ret_suffix)
{
	for (enum view_id id = VIEW_ROOT + 1; id < VIEW_COUNT; id++) {
		if (views[id].parent == parent && is_called(&views[id], name, len, ret_suffix)) {
			*ret_id = id;
			return 0;
		}
	}
	return -ENOENT;
}

void view_slice(const struct buf *whole, uint64_t offset, size_t size, struct buf *text)
{
	if (offset >= whole->len)
		return;
	if (size > whole->len - offset)
		size = whole->len - (size_t)offset;
	buf_add(text, whole->data + offset, size);
}
