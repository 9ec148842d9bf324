/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a YAML parser, but a reader of lines. What it accepts is the flat mapping that people and
 * programs write by hand; where YAML would go on over several lines (block scalars, flow mappings,
 * folded text) a field of ours is refused rather than misread, and any other field skipped.
 */
#include "core/stone.h"

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Bytes within the text being read; not terminated. */
struct span {
	const char *at, *end;
};

/* A value without its quotes, escapes and comment. The limit is an epitaph's, the longest. */
struct scalar {
	char text[STONE_EPITAPH_MAX + 1];
	size_t len;
	bool quoted;
};

struct parser {
	struct stone stone;
	bool foreign; /* below a field that is not ours: indented lines and list items are its */
	const char *reason;
};

/* YAML's, for reading and for writing; of two for one character the first is written. */
static const struct {
	char letter;
	unsigned short c;
} escapes[] = {
	{'0', 0},    {'a', '\a'},  {'b', '\b'}, {'t', '\t'}, {'\t', '\t'},  {'n', '\n'},
	{'v', '\v'}, {'f', '\f'},  {'r', '\r'}, {'e', 0x1b}, {' ', ' '},    {'"', '"'},
	{'/', '/'},  {'\\', '\\'}, {'N', 0x85}, {'_', 0xa0}, {'L', 0x2028}, {'P', 0x2029},
};

#define ESCAPE_COUNT (sizeof(escapes) / sizeof(escapes[0]))

static int refuse(struct parser *p, int error, const char *reason)
{
	p->reason = reason;
	return error;
}

static size_t span_len(struct span s)
{
	return (size_t)(s.end - s.at);
}

static bool span_is(struct span s, const char *text)
{
	return span_len(s) == strlen(text) && memcmp(s.at, text, span_len(s)) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct span *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
}

static void trim_end(struct span *s)
{
	while (s->end > s->at && (is_blank(s->end[-1]) || s->end[-1] == '\r'))
		s->end--;
}

/* Cuts off " # anything", or all of it if it begins with "#". */
static void cut_comment(struct span *s)
{
	for (const char *at = s->at; at < s->end; at++) {
		if (*at == '#' && (at == s->at || is_blank(at[-1]))) {
			s->end = at;
			break;
		}
	}
	trim_end(s);
}

static int put_char(struct parser *p, struct scalar *out, uint32_t c)
{
	char utf8[4];
	size_t len = utf8_put(c != 0 && utf8_is_character(c) ? c : UTF8_REPLACEMENT, utf8);

	if (out->len + len > STONE_EPITAPH_MAX)
		return refuse(p, -EFBIG, "value is longer than 1024 bytes");
	memcpy(out->text + out->len, utf8, len);
	out->len += len;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_hex(struct span *in, unsigned digits, uint32_t *ret_c)
{
	uint32_t c = 0;

	if (span_len(*in) < digits)
		return false;
	while (digits-- > 0) {
		int digit = hex_digit(*in->at++);

		if (digit < 0)
			return false;
		c = c << 4 | (uint32_t)digit;
	}
	*ret_c = c;
	return true;
}

/* What follows a backslash. */
static bool take_escape(struct span *in, uint32_t *ret_c)
{
	char letter;

	if (in->at == in->end)
		return false;
	letter = *in->at++;
	if (letter == 'x' || letter == 'u' || letter == 'U')
		return take_hex(in, letter == 'x' ? 2 : letter == 'u' ? 4 : 8, ret_c);
	for (size_t i = 0; i < ESCAPE_COUNT; i++) {
		if (escapes[i].letter == letter) {
			*ret_c = escapes[i].c;
			return true;
		}
	}
	return false;
}

/* Reads on to behind the closing quote, or to the end of a bare value (`quote` is NUL). */
static int take_text(struct parser *p, struct span *in, char quote, struct scalar *out)
{
	while (in->at < in->end) {
		uint32_t c = utf8_take(&in->at, in->end);
		int r;

		if (quote == '"' && c == '\\') {
			if (!take_escape(in, &c))
				return refuse(p, -EINVAL, "unknown escape in double quotes");
		} else if (quote != '\0' && c == (unsigned char)quote) {
			/* In single quotes, two of them are one of the text. */
			if (quote == '"' || in->at == in->end || *in->at != quote)
				return 0;
			in->at++;
		}
		r = put_char(p, out, c);
		if (r < 0)
			return r;
	}
	return quote != '\0' ? refuse(p, -EINVAL, "closing quote is missing") : 0;
}

static int take_value(struct parser *p, struct span in, struct scalar *out)
{
	int r;

	skip_blanks(&in);
	out->quoted = in.at < in.end && (*in.at == '"' || *in.at == '\'');
	if (!out->quoted) {
		cut_comment(&in);
		return take_text(p, &in, '\0', out);
	}
	in.at++;
	r = take_text(p, &in, in.at[-1], out);
	if (r < 0)
		return r;
	if (in.at < in.end && is_blank(*in.at)) {
		cut_comment(&in);
		skip_blanks(&in);
	}
	return in.at == in.end ? 0 : refuse(p, -EINVAL, "something follows the closing quote");
}

static bool is_null(const struct scalar *value)
{
	struct span text = {value->text, value->text + value->len};

	return !value->quoted && (span_is(text, "") || span_is(text, "~") || span_is(text, "null"));
}

static int64_t *time_of(struct stone *s, enum fact fact)
{
	return fact == FACT_BORN ? &s->born : fact == FACT_READY ? &s->ready : &s->died;
}

static int set_time(struct parser *p, enum fact fact, struct span text)
{
	int r = rfc3339_parse(text.at, span_len(text), time_of(&p->stone, fact));

	if (r == -ERANGE)
		return refuse(p, -EINVAL, "time is not between the years 1678 and 2261");
	return r < 0 ? refuse(p, -EINVAL, "not a time of RFC 3339") : 0;
}

/* An optional sign and decimal digits, nothing else YAML takes for an integer. */
static int set_code(struct parser *p, struct span text)
{
	bool negative = text.at < text.end && *text.at == '-';
	int code = 0;

	if (text.at < text.end && (*text.at == '-' || *text.at == '+'))
		text.at++;
	do {
		if (text.at == text.end || *text.at < '0' || *text.at > '9')
			return refuse(p, -EINVAL, "not an exit code");
		/* Once too large it stays so, and does not overflow. */
		if (code <= STONE_CODE_MAX)
			code = code * 10 + (*text.at - '0');
	} while (++text.at < text.end);
	code = negative ? -code : code;
	if (code < STONE_CODE_MIN || code > STONE_CODE_MAX)
		return refuse(p, -EINVAL, "exit code is not between -1 and 255");
	p->stone.code = code;
	return 0;
}

static int set_fact(struct parser *p, enum fact fact, struct span text)
{
	int r = 0;

	if (stone_has(&p->stone, fact))
		return refuse(p, -EINVAL, "said twice");
	if (fact == FACT_CODE)
		r = set_code(p, text);
	else if (fact == FACT_EPITAPH)
		memcpy(p->stone.epitaph, text.at, span_len(text));
	else
		r = set_time(p, fact, text);
	if (r == 0)
		p->stone.facts |= FACT_BIT(fact);
	return r;
}

/* FACT_COUNT for a field that is not ours. */
static enum fact find_fact(struct span name)
{
	static const char *const names[FACT_COUNT] = {
		[FACT_BORN] = "Born", [FACT_READY] = "Ready",   [FACT_EPITAPH] = "Epitaph",
		[FACT_DIED] = "Died", [FACT_CODE] = "ExitCode",
	};
	unsigned fact = 0;

	while (fact < FACT_COUNT && !span_is(name, names[fact]))
		fact++;
	return (enum fact)fact;
}

static int parse_field(struct parser *p, struct span name, struct span rest)
{
	struct scalar value = {.len = 0};
	enum fact fact;
	int r;

	trim_end(&name);
	/* {"ExitCode": 3} and "ExitCode": 3 are YAML, too: they must not pass for other fields. */
	if (name.at == name.end || strchr("\"'{}[],&*!|>%@`", *name.at))
		return refuse(p, -EINVAL, "field name is not a plain word");
	fact = find_fact(name);
	p->foreign = fact == FACT_COUNT;
	if (p->foreign)
		return 0;
	r = take_value(p, rest, &value);
	if (r == -EFBIG && fact != FACT_EPITAPH)
		r = -EINVAL;
	if (r < 0 || is_null(&value))
		return r;
	return set_fact(p, fact, (struct span){value.text, value.text + value.len});
}

/* The colon that ends a field's name; NULL if there is none outside of a comment. */
static const char *find_colon(struct span line)
{
	cut_comment(&line);
	for (const char *at = line.at; at < line.end; at++) {
		if (*at == ':' && (at + 1 == line.end || is_blank(at[1])))
			return at;
	}
	return NULL;
}

static int parse_integer(struct parser *p, struct span line)
{
	cut_comment(&line);
	if (!strchr("+-0123456789", *line.at))
		return refuse(p, -EINVAL, "neither FIELD: VALUE nor an exit code");
	return set_fact(p, FACT_CODE, line);
}

static bool is_marker(struct span line)
{
	cut_comment(&line);
	return span_is(line, "---") || span_is(line, "...");
}

static bool is_list_item(struct span line)
{
	return *line.at == '-' && (span_len(line) == 1 || is_blank(line.at[1]));
}

static int parse_line(struct parser *p, struct span line)
{
	const char *start = line.at, *colon;

	trim_end(&line);
	skip_blanks(&line);
	if (line.at == line.end || *line.at == '#')
		return 0;
	if (line.at > start || is_list_item(line))
		return p->foreign ? 0
				  : refuse(p, -EINVAL,
					   "indented line or list item that continues no field");
	p->foreign = false;
	if (is_marker(line))
		return 0;
	colon = find_colon(line);
	if (!colon)
		return parse_integer(p, line);
	return parse_field(p, (struct span){line.at, colon}, (struct span){colon + 1, line.end});
}

static void fill_error(struct stone_error *error, unsigned number, const char *reason,
		       struct span line)
{
	size_t len;

	trim_end(&line);
	len = span_len(line);
	if (len >= sizeof(error->text)) {
		len = sizeof(error->text) - 1;
		/* No half characters. */
		while (len > 0 && ((unsigned char)line.at[len] & 0xc0) == 0x80)
			len--;
	}
	*error = (struct stone_error){.line = number, .reason = reason};
	memcpy(error->text, line.at, len);
}

int stone_parse(const char *text, size_t len, struct stone *ret_stone,
		struct stone_error *ret_error)
{
	struct parser p = {.foreign = false};
	unsigned number = 0;
	size_t next;

	for (size_t at = 0; at < len; at = next + 1) {
		const char *newline = memchr(text + at, '\n', len - at);
		struct span line;
		int r;

		next = newline ? (size_t)(newline - text) : len;
		line = (struct span){text + at, text + next};
		number++;
		r = parse_line(&p, line);
		if (r < 0) {
			if (ret_error)
				fill_error(ret_error, number, p.reason, line);
			return r;
		}
	}
	*ret_stone = p.stone;
	return 0;
}

static void format_escape(uint32_t c, struct buf *text)
{
	for (size_t i = 0; i < ESCAPE_COUNT; i++) {
		if (escapes[i].c == c) {
			buf_addf(text, "\\%c", escapes[i].letter);
			return;
		}
	}
	buf_addf(text, c <= 0xff ? "\\x%02X" : "\\u%04X", c);
}

static void format_epitaph(const char *epitaph, struct buf *text)
{
	struct span in = {epitaph, epitaph + strlen(epitaph)};

	buf_adds(text, "Epitaph: \"");
	while (in.at < in.end) {
		uint32_t c = utf8_take(&in.at, in.end);
		char utf8[4];

		if (c == '"' || c == '\\' || utf8_is_special(c))
			format_escape(c, text);
		else
			buf_add(text, utf8, utf8_put(c, utf8));
	}
	buf_adds(text, "\"\n");
}

static void format_time(const char *field, int64_t ns, struct buf *text)
{
	char time[RFC3339_SIZE];

	(void)rfc3339_format(ns, time);
	buf_addf(text, "%s: \"%s\"\n", field, time);
}

void stone_format(const struct stone *s, struct buf *text)
{
	if (stone_has(s, FACT_BORN))
		format_time("Born", s->born, text);
	if (stone_has(s, FACT_READY))
		format_time("Ready", s->ready, text);
	if (stone_has(s, FACT_DIED))
		format_time("Died", s->died, text);
	if (stone_has(s, FACT_CODE))
		buf_addf(text, "ExitCode: %d\n", s->code);
	if (stone_has(s, FACT_EPITAPH))
		format_epitaph(s->epitaph, text);
}
