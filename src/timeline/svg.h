/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chart as an SVG document of its own: no script, nothing loaded, text that can be selected, light or dark as the
 * viewer prefers. Each life has a title, which browsers show under the pointer: its name, number, times and code.
 */
#pragma once

struct buf;
struct chart;

/* Appends the document. buf_error() tells whether memory sufficed. */
void svg_write(const struct chart *chart, struct buf *to);
