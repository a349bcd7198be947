#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page of the reason codes is what reasons.h says; with --write it is made anew.

    reasons_page.py HEADERS PAGE [--write]
"""
import re
import sys

HEAD = r'''.\" SPDX-License-Identifier: Apache-2.0
.\" Made from sdk/include/farmhand/reasons.h: tests/sdk/reasons_page.py HEADERS PAGE --write
.TH FARMHAND\-REASONS 7 "" "Farmhand" "Miscellaneous Information"
.SH NAME
farmhand\-reasons \- what can be wrong with a device or node, and what to do next
.SH DESCRIPTION
A check that is not ok, an event, a device that is not to be used: each names a reason from this one list, whichever
vendor made the device, so that a whole fleet can be searched for it. The sentence beside it says what was found, with
its numbers. A vendor's plugin may add reasons of its own, which are called
.BI vendor. VENDOR . CODE
and bring their own next step. Codes are never renamed nor removed.
'''
TAIL = r'''.SH SEE ALSO
.BR farmhand (1),
.BR farmhandd (8)
'''
ITEM = re.compile(r'X\((\w+), "([^"]*)", "([^"]*)", "([^"]*)"\)')
GROUP = re.compile(r'^\s*/\* (.*?) \*/ \\$')


def escaped(text):
    return text.replace('\\', '\\e').replace('-', '\\-')


def page(headers):
    lines = open(f'{headers}/reasons.h', encoding='utf-8').read().split('\n')
    begin = next(at for at, line in enumerate(lines) if line.startswith('#define FH_REASONS'))
    out = [HEAD]
    for line in lines[begin + 1:]:
        group, item = GROUP.match(line), ITEM.search(line)
        if group:
            out.append(f'.SH {group[1].upper()}\n')
        elif item:
            _, code, meaning, action = item.groups()
            out.append(f'.TP\n.B {escaped(code)}\n{escaped(meaning[0].upper() + meaning[1:])}.\n.I {escaped(action)}\n')
        else:
            break
    return ''.join(out + [TAIL])


def main():
    headers, path = sys.argv[1:3]
    wanted = page(headers)
    if sys.argv[3:] == ['--write']:
        open(path, 'w', encoding='utf-8').write(wanted)
    elif open(path, encoding='utf-8').read() != wanted:
        sys.exit(f'{path} is not what reasons.h says: run {sys.argv[0]} {headers} {path} --write')
    print(f'{wanted.count(".TP")} reasons, each with its meaning and its next step')


if __name__ == '__main__':
    main()
