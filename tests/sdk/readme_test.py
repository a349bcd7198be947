#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of the SDK's README works for a person who has only the installed SDK. So do the
CMake package, the man page's list of options, and the installed protos. Where the system allows it, source and build
trees are hidden behind empty file systems meanwhile, so that nothing can come from there."""
import os
import re
import subprocess
import sys
import tempfile

from installed import install

SOURCE, BUILD = sys.argv[1:3]

CMAKE = '''cmake_minimum_required(VERSION 3.20)
project(demo CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(farmhand-sdk REQUIRED)
add_library(demo MODULE "%s/share/farmhand/sdk/examples/demo.cc")
set_target_properties(demo PROPERTIES PREFIX "")
target_link_libraries(demo farmhand::sdk)
'''


HIDE = 'for tree in "$1" "$2"; do [ ! -d "$tree" ] || mount -t tmpfs none "$tree"; done; shift 2; exec "$@"'


def hidden():
    """What a command begins with so that it runs without the trees; nothing where that is not allowed."""
    words = ['unshare', '--mount', 'sh', '-euc', HIDE, 'hide', SOURCE, BUILD]
    try:
        seen = subprocess.run([*words, 'ls', SOURCE], capture_output=True, text=True)
    except OSError:
        return []
    return words if seen.returncode == 0 and seen.stdout == '' else []


def run(name, command, folder, environment):
    done = subprocess.run([*HIDDEN, 'bash', '-euo', 'pipefail', '-c', command], cwd=folder, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500)
    print(f'{"ok  " if done.returncode == 0 else "FAIL"} {name}')
    if done.returncode != 0:
        print(done.stdout[-4000:])
    return done.returncode == 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        environment = install(BUILD, folder + '/sdk')
        os.mkdir(folder + '/work')
        with open(f'{environment["PREFIX"]}/share/farmhand/sdk/README.md', encoding='utf-8') as file:
            commands = re.findall(r'^    \$ (.*)$', file.read(), re.M)
        good = run(f'{len(commands)} commands of the README', 'set -x\n' + '\n'.join(commands),
                   folder + '/work', environment)
        os.mkdir(folder + '/cmake')
        with open(folder + '/cmake/CMakeLists.txt', 'w', encoding='utf-8') as file:
            file.write(CMAKE % environment['PREFIX'])
        good &= run('the CMake package', 'command -v cmake || exit 0\n'
                    'cmake -S . -B build && cmake --build build\n'
                    'farmhand-plugin-check --only exports,life,linking build/demo.so',
                    folder + '/cmake', environment)
        good &= run('every option is in the man page', '''
            { farmhand-plugin-check --help; farmhand-plugin-check new --help; farmhand-plugin-check show --help; } |
              grep -o -- '--[a-z]*' | sort -u > told
            sed 's/\\\\-/-/g' $PREFIX/share/man/man1/farmhand-plugin-check.1 > page
            while read -r option; do grep -q -- "$option" page || { echo "$option"; exit 1; }; done < told
            ''', folder, environment)
        good &= run('the protos are there', 'command -v protoc || exit 0\ncd '
                    '$PREFIX/share/farmhand/proto && protoc --proto_path=. --descriptor_set_out=/dev/null '
                    'farmhand/v1/*.proto', folder, environment)
    sys.exit(0 if good else 1)


HIDDEN = hidden()
print('source and build are ' + ('hidden' if HIDDEN else 'not hidden: that needs root and mount namespaces'))
main()
