#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No good plugin raises a false alarm: the SDK's examples and our own plugins pass every test."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

CHECK, BUILD = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../fakes'))
from make_tree import build  # noqa: E402
PLUGINS = {
    'sdk/examples/demo.toml': [],
    'sdk/examples/demo-c.toml': [],
    'sdk/examples/demo-rs.toml': [],
    'sdk/examples/full.toml': ['--active'],
    'plugins/sim/sim.toml': ['--setting', 'devices=RNGD:2,X330:1'],
    'plugins/host/host.toml': [],
    'plugins/cpu/cpu.toml': ['--active', '--setting', f'openblas={BUILD}/tests/fakes/openblas_good.so'],
}
# With hardware made of files, and without any: manifest, devices, further options.
FAKES = {
    'plugins/accel/accel.toml': (['accel/ivpu', 'accel/xdna', 'accel/qaic', 'accel/wormhole', 'accel/generic'],
                                 ['--active', '--setting', 'match=1d0f:7064=aws/Trainium']),
    'plugins/cpu/cpu.toml': (['cpu/xeon'], []),
    'plugins/furiosa/furiosa.toml': (['furiosa/rngd', 'furiosa/warboy', 'furiosa/hidden'],
                                     ['--active', '--setting',
                                      f'library={BUILD}/tests/fakes/furiosa_smi_2025_12.so']),
    'plugins/nvidia/nvidia.toml': (['nvidia/h100', 'nvidia/h100', 'nvidia/hidden'],
                                   ['--active', '--setting', f'library={BUILD}/tests/fakes/nvml_r580.so']),
    'plugins/rebellions/rebellions.toml': (['rebellions/atom', 'rebellions/max', 'rebellions/hidden'],
                                           ['--active', '--setting',
                                            f'library={BUILD}/tests/fakes/rbln_ml_2026_05.so']),
    'plugins/sapeon/sapeon.toml': (['sapeon/x330', 'sapeon/x330', 'sapeon/bare'],
                                   ['--active', '--setting', 'match=1234:0330=X330',
                                    '--setting', 'adapter={root}/adapter,cards']),
}


def on_trees(folder):
    """The options for FAKES; where the first device is on the PCI bus, it can vanish."""
    for number, (path, (devices, options)) in enumerate(FAKES.items()):
        full, empty = f'{folder}/{number}', f'{folder}/{number}-empty'
        build(full, devices)
        build(empty, [])
        address = f'{full}/sys/bus/pci/devices/0000:10:00.0'
        shutil.copy(f'{HERE}/../fakes/tool', f'{full}/adapter')
        options = [option.replace('{root}', full) for option in options]
        if os.path.exists(address):
            options = [*options, '--vanish', f'rm -rf $(readlink -f {address}) {address}']
        yield path, [*options, '--setting', f'root={full}', '--empty', f'root={empty}']
        yield path, ['--setting', f'root={empty}']
        yield path, ['--setting', 'root=/nonexistent']


def main():
    with tempfile.TemporaryDirectory(prefix='farmhand-good-') as folder:
        check([*PLUGINS.items(), *on_trees(folder)])


def check(plugins):
    failed = False
    for path, options in plugins:
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
