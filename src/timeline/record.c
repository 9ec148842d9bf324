/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline/record.h"

#include <errno.h>

/* What a column is called there, and what it is where it is absent. */
static const struct {
	const char *key, *absent;
} columns[COLUMNS] = {
	[SEQ] = {"seq", ""},    [TIME] = {"time", ""},  [NAME] = {"name", "-"},
	[LIFE] = {"life", "0"}, [WHAT] = {"event", ""}, [CODE] = {"code", "-"},
	[UID] = {"uid", "0"},   [GID] = {"gid", "0"},   [PID] = {"pid", "0"},
};

/* What is left of the line. */
struct rest {
	const char *at, *end;
};

bool record_recognize(const char *text, size_t len)
{
	static const char logfmt[] = "level=", json[] = "{\"level\":";

	return (len >= strlen(logfmt) && memcmp(text, logfmt, strlen(logfmt)) == 0) ||
	       (len >= strlen(json) && memcmp(text, json, strlen(json)) == 0);
}

static bool take(struct rest *rest, char c)
{
	if (rest->at == rest->end || *rest->at != c)
		return false;
	rest->at++;
	return true;
}

/* What comes before the first of `stop`, or all. */
static struct column_text take_until(struct rest *rest, const char *stop)
{
	struct column_text text = {rest->at, 0};

	while (rest->at < rest->end && !strchr(stop, *rest->at))
		rest->at++;
	text.len = (size_t)(rest->at - text.at);
	return text;
}

/* What is between quotes, of which the first has been taken. Escapes stay as they are: no column has any. */
static bool take_quoted(struct rest *rest, struct column_text *ret_text)
{
	const char *at = rest->at;

	while (rest->at < rest->end && *rest->at != '"')
		rest->at += *rest->at == '\\' && rest->end - rest->at > 1 ? 2 : 1;
	*ret_text = (struct column_text){at, (size_t)(rest->at - at)};
	return take(rest, '"');
}

static bool take_value(struct rest *rest, const char *stop, struct column_text *ret_value)
{
	if (take(rest, '"'))
		return take_quoted(rest, ret_value);
	*ret_value = take_until(rest, stop);
	return true;
}

static bool take_logfmt_pair(struct rest *rest, struct column_text *ret_key,
			     struct column_text *ret_value)
{
	*ret_key = take_until(rest, "= ");
	return ret_key->len > 0 && take(rest, '=') && take_value(rest, " ", ret_value) &&
	       (take(rest, ' ') || rest->at == rest->end);
}

static bool take_json_pair(struct rest *rest, struct column_text *ret_key,
			   struct column_text *ret_value)
{
	return take(rest, '"') && take_quoted(rest, ret_key) && take(rest, ':') &&
	       take_value(rest, ",}", ret_value) &&
	       (take(rest, ',') || (take(rest, '}') && rest->at == rest->end));
}

int record_split(const char *text, size_t len, struct column_text ret_columns[COLUMNS])
{
	struct rest rest = {text, text + len};
	bool json = take(&rest, '{');

	for (int i = 0; i < COLUMNS; i++)
		ret_columns[i] = (struct column_text){columns[i].absent, strlen(columns[i].absent)};
	while (rest.at < rest.end) {
		struct column_text key, value;

		if (!(json ? take_json_pair : take_logfmt_pair)(&rest, &key, &value))
			return -EINVAL;
		for (int i = 0; i < COLUMNS; i++)
			if (column_is(&key, columns[i].key))
				ret_columns[i] = value;
	}
	if (json && rest.end[-1] != '}')
		return -EINVAL;
	return ret_columns[SEQ].len > 0;
}
