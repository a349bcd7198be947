#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every bad plugin is found by farmhand-plugin-check, by the test that guards the rule it breaks,
with a sentence that names the fault."""
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

CHECK, MANIFEST, FOLDER = sys.argv[1:4]
BOTH = 'farmhand.devices/1,farmhand.telemetry/1'

# plugin: {test that must fail: part of what it must say}
EXPECTED = {
    'any_id': {'unknown-ids': 'compare length', 'id-garbage': 'compare length'},
    'bad_utf8': {'text': 'not UTF-8'},
    'bad_verdicts': {'health': 'other checks each time'},
    'blind_excluded': {'life': 'in telemetry.sample'},
    'child_sample': {'life': 'in telemetry.sample'},
    'closes_foreign': {'side-effects': 'closed descriptor'},
    'crash_check': {'life': 'in health.check'},
    'crash_create': {'life': 'in create'},
    'crash_destroy': {'life': 'in destroy'},
    'crash_enumerate': {'life': 'in devices.enumerate'},
    'crash_metrics': {'life': 'in telemetry.metrics'},
    'crash_prepare': {'jobenv': 'in jobenv.prepare'},
    'crash_query': {'tables': "in query('farmhand.devices/1')", 'life': 'in query'},
    'crash_reset': {'reset': 'in reset.reset'},
    'crash_run': {'diag': 'in diag.run'},
    'crash_sample': {'life': 'in telemetry.sample'},
    'crash_slices': {'life': 'in slice.slices'},
    'crash_start': {'life': 'in start'},
    'crash_stop': {'life': 'in stop'},
    'crash_wait': {'life': 'in events.wait'},
    'entry_is_function': {'exports': 'no data object'},
    'event_flood': {'events': 'FH_OK without an event', 'flood': '1000 events'},
    'exit_sample': {'life': 'ended the process'},
    'exports_more': {'exports': 'it exports'},
    'flood': {'flood': ''},
    'forks': {'fork': 'forked without'},
    'garbage': {'records': 'null record', 'text': 'not UTF-8'},
    'hang_check': {'life': 'in health.check'},
    'hang_create': {'life': 'no end after 3 s in create'},
    'hang_destroy': {'life': 'no end after 3 s in destroy'},
    'hang_enumerate': {'devices': 'in devices.enumerate'},
    'hang_lock': {'life': 'in telemetry.sample'},
    'hang_metrics': {'life': 'in telemetry.metrics'},
    'hang_prepare': {'jobenv': 'in jobenv.prepare'},
    'hang_query': {'tables': "in query('farmhand.devices/1')"},
    'hang_reset': {'reset': 'in reset.reset'},
    'hang_run': {'diag': 'in diag.run'},
    'hang_sample': {'life': 'in telemetry.sample'},
    'hang_slices': {'life': 'in slice.slices'},
    'hang_start': {'life': 'in start'},
    'hang_stop': {'life': 'in stop'},
    'hang_wait': {'life': 'in events.wait'},
    'huge_text': {'text': '1048576 bytes'},
    'ignores_excluded': {'excluded': 'excluded_keys'},
    'judges': {'life': 'in health.check'},
    'keeps_call': {'borrowed': 'fh_call after the call'},
    'late_answer': {'deadline': 'after its deadline', 'cancel': 'after it was cancelled'},
    'late_emit': {'borrowed': 'after that call had returned'},
    'leak': {'call-leak': 'sample leaks memory'},
    'leak_create': {'create-1000': 'leaks memory', 'life-leak': 'leaks descriptors'},
    'log_flood': {'flood': 'log lines'},
    'new_handles': {'devices': 'keeps its handle'},
    'newer_abi': {'entry': '1.77'},
    'other_flags': {'descriptor': "flags are 1 and the manifest's 0"},
    'other_minor': {'descriptor': 'says ABI 1.77 and the manifest 1.0'},
    'no_entry': {'exports': 'does not export', 'life': 'cannot be loaded'},
    'null_slots': {'entry': 'lacks one of'},
    'null_tables': {'unknown-ids': 'gave a table', 'tables': 'lacks its function'},
    'overflow_sample': {'life': 'Segmentation fault in telemetry.sample'},
    'own_units': {'records': 'another unit'},
    'past_error': {'guard': 'after the end of fh_error'},
    'prints': {'silence': 'to stdout'},
    'reads_past_text': {'guard': "after the end of a setting's value"},
    'refuses_newer': {'newer-host': 'refuses a newer host'},
    'same_key': {'records': "device key '0' twice"},
    'set_environment': {'side-effects': 'create changed the environment'},
    'set_folder': {'side-effects': 'working directory'},
    'set_locale': {'side-effects': 'start changed the locale'},
    'set_signal': {'side-effects': 'handler of signal 15'},
    'slow_create': {'scan': 'the best of 4 tries: do the slow work in start'},
    'silent_failure': {'errors': 'no status of abi.h'},
    'spin': {'idle': 'do not spin', 'threads-end': 'still run after stop'},
    'spins_idle': {'idle': 'do not spin', 'flags': 'FH_FLAG_USES_THREADS'},
    'takes_any_lease': {'jobenv': 'never gave out'},
    'thread_left': {'threads-end': 'still run after stop', 'flags': 'FH_FLAG_USES_THREADS'},
    'throws': {'life': 'the vendor'},
    'wrong_id': {'descriptor': 'in the manifest'},
    'wrong_major': {'entry': 'says ABI'},
    'wrong_sizes': {'entry': 'struct_size', 'tables': 'struct_size', 'records': 'struct_size'},
    'zero_for_unread': {'values': 'no device survives'},
}


def package(name, folder, interfaces=BOTH):
    shutil.copy(f'{FOLDER}/{name}.so', f'{folder}/bad.so')
    subprocess.run([MANIFEST, 'write', '--id', 'bad', '--vendor', 'acme', '--version', '1.0',
                    '--library', f'{folder}/bad.so', '--interfaces', interfaces,
                    f'{folder}/bad.toml'], check=True)
    return f'{folder}/bad.toml'


def check(manifest, tests, timeout_s=20):
    done = subprocess.run([CHECK, '--json', '--timeout', str(timeout_s), '--seed', '7', '--active',
                           '--setting', 'fault=/dev/null', '--only', ','.join(tests), manifest],
                          capture_output=True, text=True, timeout=300)
    return done.returncode, json.loads(done.stdout)


def missed(name):
    with tempfile.TemporaryDirectory() as folder:
        hangs = name.startswith('hang') or name == 'child_sample'
        code, report = check(package(name, folder), EXPECTED[name], 3 if hangs else 20)
    results = {test['name']: test for test in report['tests']}
    faults = [] if code == 1 else [f'{name}: exit code {code}']
    for test, phrase in EXPECTED[name].items():
        problems = results[test]['problems']
        if results[test]['result'] != 'failed' or not any(phrase in each for each in problems):
            faults.append(f'{name}: {test} says {problems or results[test]}')
    return faults


def wrong_manifests():
    """A hash that is not the library's; a key nobody knows."""
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        manifest = package('good', folder)
        with open(f'{folder}/bad.so', 'ab') as library:
            library.write(b'x')
        with open(manifest, 'a', encoding='utf-8') as file:
            file.write('colour = "red"\n')
        _, report = check(manifest, ['hash', 'manifest'])
        for test in report['tests']:
            if test['result'] != 'failed':
                faults.append(f'a wrong manifest: {test["name"]} passes')
    return faults


def main():
    names = list(EXPECTED)
    absent = [name for name in names if not os.path.exists(f'{FOLDER}/{name}.so')]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(missed, [name for name in names if name not in absent])
        faults = [fault for faults in found for fault in faults]
    faults += wrong_manifests() + [f'{name}: not built' for name in absent]
    print('\n'.join(faults) or f'{len(names)} bad plugins, all found')
    sys.exit(1 if faults else 0)


main()
