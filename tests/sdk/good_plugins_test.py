#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No good plugin raises a false alarm: the SDK's examples and our own plugins pass every test."""
import json
import os
import subprocess
import sys

CHECK, BUILD = sys.argv[1:3]
PLUGINS = {
    'sdk/examples/demo.toml': [],
    'sdk/examples/demo-c.toml': [],
    'sdk/examples/demo-rs.toml': [],
    'sdk/examples/full.toml': ['--active'],
    'plugins/sim/sim.toml': ['--setting', 'devices=RNGD:2,X330:1'],
    'plugins/host/host.toml': [],
}


def main():
    failed = False
    for path, options in PLUGINS.items():
        manifest = f'{BUILD}/{path}'
        if not os.path.exists(manifest):
            print(f'{path}: not built here')
            failed |= not path.endswith('-rs.toml')
            continue
        done = subprocess.run([CHECK, '--json', *options, manifest], capture_output=True,
                              text=True, timeout=500)
        report = json.loads(done.stdout)
        print(f'{path}: {report["ok"]} ok, {report["failed"]} failed, {report["skipped"]} skipped, '
              f'seed {report["seed"]}')
        for test in report['tests']:
            if test['result'] == 'failed':
                print(f'  {test["name"]}: {test["problems"]}')
        failed |= done.returncode != 0
    sys.exit(1 if failed else 0)


main()
