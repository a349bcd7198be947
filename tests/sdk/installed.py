# SPDX-License-Identifier: Apache-2.0
"""The SDK installed into a folder of its own, for tests that know nothing else."""
import os
import subprocess


def install(build, folder):
    """The environment in which the installed SDK is found."""
    subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--tags', 'devel', '--destdir',
                    folder], check=True, stdout=subprocess.DEVNULL)
    prefix = next(root for root, dirs, _ in os.walk(folder) if 'bin' in dirs and 'include' in dirs)
    package = subprocess.run(['find', prefix, '-name', 'farmhand-sdk.pc'], capture_output=True,
                             text=True, check=True).stdout.strip()
    # As if it had been configured for this prefix.
    with open(package, encoding='utf-8') as file:
        lines = file.read().splitlines()
    lines = [f'prefix={prefix}' if line.startswith('prefix=') else line for line in lines]
    with open(package, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')
    return {'PATH': f'{prefix}/bin:{os.environ["PATH"]}', 'HOME': folder,
            'PKG_CONFIG_PATH': os.path.dirname(package), 'CMAKE_PREFIX_PATH': prefix,
            'RUSTUP_HOME': os.environ.get('RUSTUP_HOME', os.path.expanduser('~/.rustup')),
            'LANG': 'C.UTF-8', 'PREFIX': prefix}
