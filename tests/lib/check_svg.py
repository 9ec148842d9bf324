#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_svg.py SVG [LOG]: is the picture sound, and all of the log in it?

Sound: no script, nothing loaded, no control character, all text and shapes within the picture, no text on another.
All of it: each name; and of each life the number, times and code in a title.
Says what is wrong, and fails.
"""
import re
import sys
import xml.etree.ElementTree as ET

SVG = '{http://www.w3.org/2000/svg}'
WIDTH = 0.6  # of a character of a monospaced font, in its size
KNOWN = {'svg', 'title', 'desc', 'style', 'rect', 'text', 'g', 'path', 'circle'}
wrong = []


def expect(what, so):
    if not so:
        wrong.append(what)


def texts(element, size):
    """(left, right, baseline, size, text) of each text that is shown."""
    size = float(element.get('font-size', size))
    if element.tag == SVG + 'text':
        title = element.find(SVG + 'title')
        text = (element.text or '') + (title.tail or '' if title is not None else '')
        width = len(text) * size * WIDTH
        x = float(element.get('x')) - (width / 2 if element.get('text-anchor') == 'middle' else 0)
        yield x, x + width, float(element.get('y')), size, text
    for child in element:
        yield from texts(child, size)


def check_shape(root):
    for element in root.iter():
        expect(f'an element {element.tag}', element.tag in {SVG + tag for tag in KNOWN})
        for key, value in element.attrib.items():
            expect(f'an attribute {key}', not key.startswith('on') and 'href' not in key)
            expect(f'a reference in {key}', 'url(' not in value and '//' not in value)
    style = root.find(SVG + 'style').text
    expect('something is loaded by the style', 'url' not in style and '@import' not in style)
    for text in root.itertext():
        expect(f'a control character in {text!r}', not re.search('[\0-\x09\x0b-\x1f\x7f-\x9f]', text))


def check_places(root, boxes):
    width, height = (float(n) for n in root.get('viewBox').split()[2:])
    for left, right, y, size, text in boxes:
        expect(f'{text!r} is beyond the picture', left >= 0 and right <= width and y - size >= 0 and y + size / 4 <= height)
    for rect in root.iter(SVG + 'rect'):
        x, y, w, h = (float(rect.get(key, 0)) for key in ('x', 'y', 'width', 'height'))
        expect(f'a rectangle at {x} {y} is beyond the picture',
               x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height)
    boxes.sort(key=lambda box: (box[2], box[0]))
    for i, (left, right, y, size, text) in enumerate(boxes):
        for other in boxes[i + 1:]:
            if other[2] - other[3] * .8 > y:
                break
            expect(f'{text!r} and {other[4]!r} overlap', other[0] >= right or other[1] <= left)


def check_codes(root):
    """A code lies on no life of its row."""
    for group in root.iter(SVG + 'g'):
        rows = {}
        for rect in group.findall(f'{SVG}g/{SVG}rect[@class="h"]'):
            x, top, width, height = (float(rect.get(key)) for key in ('x', 'y', 'width', 'height'))
            rows.setdefault((top, height), []).append((x, x + width))
        for life in group.findall(f'{SVG}g[{SVG}text]'):
            rect = life.find(f'{SVG}rect[@class="h"]')
            row = rows[float(rect.get('y')), float(rect.get('height'))]
            for left, right, y, size, text in texts(life, group.get('font-size')):
                expect(f'{text!r} at {left} lies on a life', all(right <= a or b <= left for a, b in row))


def check_log(root, boxes, log):
    shown = {box[4] for box in boxes}
    titles = {}
    for title in root.iter(SVG + 'title'):
        lines = title.text.split('\n')
        titles[lines[0]] = lines[1:]
    for line in open(log, encoding='ascii'):
        _, time, name, number, what, code = line.split()[:6]
        if what in ('owner', 'fresh'):
            continue
        time = re.sub(r'(\.\d*?)0+Z$', r'\1Z', time).replace('.Z', 'Z')
        expect(f'{name} is not named', name in shown or (len(name) > 32 and name in titles))
        lines = titles.get(f'{name}, life {number}', [])
        if what in ('born', 'ready', 'died', 'removed'):
            expect(f'{name} {number} is not {what}', f'{what} {time}' in lines)
        if code != '-':
            expect(f'{name} {number} has not the code {code}',
                   any(re.fullmatch(f'exit code {code}( .*)?', text) for text in lines))


def main():
    root = ET.parse(sys.argv[1]).getroot()
    boxes = list(texts(root, 12))
    check_shape(root)
    check_places(root, boxes)
    check_codes(root)
    if len(sys.argv) > 2:
        check_log(root, boxes, sys.argv[2])
    for what in wrong[:20]:
        print(what, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
