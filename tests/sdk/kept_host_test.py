#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Today's plugins run in the host of each released minor, kept as a binary; where they cannot, they say why."""
import glob
import hashlib
import os
import platform
import re
import subprocess
import sys

FOLDER, BUILD = sys.argv[1:3]

# plugin, its settings, how many devices it must list
PLUGINS = [
    ('sdk/examples/demo.so', [], 1),
    ('sdk/examples/demo-c.so', [], 1),
    ('sdk/examples/demo-rs.so', [], 1),
    ('sdk/examples/full.so', [], 2),
    ('plugins/sim/sim.so', ['devices=RNGD:2,X330:1'], 3),
    ('plugins/host/host.so', [], 1),
]
# What a newer plugin says to a host that is too old for it: its features, or a service that is not there.
REFUSALS = [
    ([f'{BUILD}/tests/bad_plugins/newer_abi.so'], 'it needs abilities this host does not have'),
    *[(['--bare', f'{BUILD}/sdk/examples/{name}.so'], "the host has no 'emit'")
      for name in ('demo', 'demo-c', 'demo-rs', 'full')],
]


def run(host, arguments):
    done = subprocess.run([host, *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def is_whole(host):
    with open(host, 'rb') as file, open(host + '.sha256', encoding='utf-8') as record:
        return hashlib.sha256(file.read()).hexdigest() == record.read().split()[0]


def faults_of(host):
    if not is_whole(host):
        return [f'{host}: not the binary that was kept']
    faults = []
    for path, settings, devices in PLUGINS:
        if path.endswith('-rs.so') and not os.path.exists(f'{BUILD}/{path}'):
            continue  # no rustc here
        status, told = run(host, [f'{BUILD}/{path}', *settings])
        seen = re.search(r'^seen (\d+) devices (\d+) samples', told, re.M)
        print(f'{os.path.relpath(host, FOLDER)}: {path}: {seen[0] if seen else told[-300:]}')
        if status != 0 or seen is None or int(seen[1]) != devices or int(seen[2]) == 0:
            faults.append(f'{path}: status {status}: {told[-300:]}')
    for arguments, sentence in REFUSALS:
        if not os.path.exists(arguments[-1]):
            continue
        status, told = run(host, arguments)
        if status != 3 or sentence not in told:
            faults.append(f'{arguments} is not refused with a sentence: status {status}: {told}')
    return faults


def main():
    if platform.machine() != 'x86_64':
        sys.exit(77)
    hosts = sorted(glob.glob(f'{FOLDER}/*/host'))
    faults = [fault for host in hosts for fault in faults_of(host)]
    print('\n'.join(faults) or f'{len(hosts)} kept hosts run all of today\'s plugins')
    sys.exit(1 if faults or not hosts else 0)


main()
