#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes, or compares, what the ABI's headers fix: the layout of every struct, every number, every word.

    layout.py HEADERS layout_v1.inc                 compares: the record is what the headers give
    layout.py HEADERS layout_v1.inc --write         writes what is not released yet; below the last mark only
    layout.py HEADERS layout_v1.inc --release 1.0   marks all that is there as released, for ever

The compiler itself is asked for the numbers, by a program made from the headers' text. Once released, a line stays: a
struct that may grow (a record) is then `>=` its size of that day, everything else is equal to it."""
import os
import re
import subprocess
import sys
import tempfile

MARK = '/* ---- released: {} ---- nothing above this line ever changes ---- */'
IS_MARK = re.compile(r'^/\* ---- released: ')
COMMENT = re.compile(r'/\*.*?\*/', re.S)
STRUCT = re.compile(r'typedef struct (\w+) \{(.*?)\n\} \1;', re.S)
MEMBER = re.compile(r'(?:\(\*\s*(\w+)\)\s*\(|(\w+)(?:\[\w+\])?$)')
NUMBER = re.compile(r'^#define (FH_(?!ABI_MINOR)\w+) +(?:\d+u?|UINT32_MAX)$', re.M)
WORD = re.compile(r'^#define (FH_\w+) +("[^"]*")$', re.M)
METRIC = re.compile(r'X\(("[^"]+"), (FH_METRIC_\w+), (FH_UNIT_\w+),')
SIZE = re.compile(r'^FH_LAYOUT\(sizeof\((\w+)\) (?:==|>=) (\d+)\)$')


class Headers:
    def __init__(self, folder):
        self.folder = folder
        self.names = sorted(name for name in os.listdir(folder) if name.endswith('.h'))
        self.texts = []
        for name in self.names:
            with open(f'{folder}/{name}', encoding='utf-8') as file:
                text = COMMENT.sub('', file.read()).replace('\\\n', ' ')
                self.texts.append('\n'.join(line.rstrip() for line in text.splitlines()))

    def structs(self):
        """(struct, members, whether it may grow) in the order of the headers' names."""
        for text in self.texts:
            for struct, body in STRUCT.findall(text):
                found = [MEMBER.search(part.strip()) for part in body.split(';') if part.strip()]
                members = [each[1] or each[2] for each in found]
                is_table = all(each[1] for each in found if each[2] not in ('struct_size', 'reserved0'))
                yield struct, members, members[0] == 'struct_size' and not is_table

    def program(self):
        lines = ['#include <stdio.h>', *[f'#include <farmhand/{name}>' for name in self.names], 'int main(void) {']
        for struct, members, _ in self.structs():
            for what in [f'sizeof({struct})', f'_Alignof({struct})',
                         *[f'offsetof({struct}, {member})' for member in members]]:
                lines.append(f'printf("FH_LAYOUT({what} == %zu)\\n", {what});')
        for text in self.texts:
            for name in NUMBER.findall(text):
                lines.append(f'printf("FH_LAYOUT({name} == %lluu)\\n", (unsigned long long){name});')
        return '\n'.join(lines + ['return 0; }', ''])

    def lines(self):
        """All that is fixed, a line each."""
        with tempfile.TemporaryDirectory() as folder:
            with open(f'{folder}/layout.c', 'w', encoding='utf-8') as file:
                file.write(self.program())
            subprocess.run(['cc', '-std=c11', f'-I{os.path.dirname(self.folder.rstrip("/"))}', '-o',
                            f'{folder}/layout', f'{folder}/layout.c'], check=True)
            told = subprocess.run([f'{folder}/layout'], capture_output=True, text=True, check=True).stdout
        lines = told.splitlines()
        for text in self.texts:
            lines += [f'FH_WORD({name}, {word})' for name, word in WORD.findall(text)]
            lines += [f'/* metric {name} {kind} {unit} */' for name, kind, unit in METRIC.findall(text)]
        return lines


def split(record):
    """(lines up to the last mark, lines after it)."""
    marks = [index for index, line in enumerate(record) if IS_MARK.match(line)]
    at = marks[-1] + 1 if marks else 2
    return record[:at], record[at:]


def broken(released, now):
    """The released lines that are not true any more."""
    sizes = {SIZE.match(line)[1]: int(SIZE.match(line)[2]) for line in now if SIZE.match(line)}
    for line in released[2:]:
        size = SIZE.match(line)
        if IS_MARK.match(line) or line in now:
            continue
        if size is None or '>=' not in line or sizes.get(size[1], 0) < int(size[2]):
            yield line


def fresh(released, now):
    """The lines that are true and not released."""
    kept = set(released) | {line.replace('>=', '==') for line in released}
    # Of a record that grew twice only the last size is equal to today's.
    return [line for line in now if line not in kept]


def marked(lines, headers, name):
    growing = {struct for struct, _, grows in headers.structs() if grows}
    out = []
    for line in lines:
        size = SIZE.match(line)
        out.append(line.replace('==', '>=') if size and size[1] in growing else line)
    return [*out, MARK.format(name)]


def main():
    headers, path = Headers(sys.argv[1]), sys.argv[2]
    now = headers.lines()
    record = ['/* SPDX-License-Identifier: Apache-2.0 */', '/* Generated by layout.py; x86-64 and AArch64, LP64. */']
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            record = file.read().splitlines()
    released, rest = split(record)
    gone = list(broken(released, now))
    if gone:
        print('these are released and never change:', *[f'- {line}' for line in gone], sep='\n')
        sys.exit(1)
    wanted = fresh(released, now)
    if '--write' in sys.argv or '--release' in sys.argv:
        if '--release' in sys.argv:
            wanted = marked(wanted, headers, sys.argv[sys.argv.index('--release') + 1])
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(released + wanted) + '\n')
        return
    if rest != wanted:
        print('the ABI changed:', *[f'- {line}' for line in rest if line not in wanted],
              *[f'+ {line}' for line in wanted if line not in rest], sep='\n')
        sys.exit(1)
    print(f'{len(record) - 2} sizes, alignments, offsets, numbers and words are as recorded')


main()
