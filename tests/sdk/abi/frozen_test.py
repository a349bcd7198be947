#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Once 1.0 is marked, the gates refuse what may not change and take what may be appended. Tried on copies of the headers
and of the record, which are released there."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = f'{HERE}/../../../sdk/include/farmhand'
RECORD = f'{HERE}/layout_v1.inc'


class Frozen(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.headers, self.record = f'{self.folder}/farmhand', f'{self.folder}/layout_v1.inc'
        shutil.copytree(HEADERS, self.headers)
        shutil.copy(RECORD, self.record)
        self.git('init', '-q')
        self.commit()
        self.assertIn('nothing is released yet', self.frozen()[1])
        self.assertEqual(self.layout('--release', '1.0')[0], 0)
        self.commit()

    def git(self, *words):
        subprocess.run(['git', '-C', self.folder, '-c', 'user.name=a', '-c', 'user.email=a@b', *words], check=True)

    def commit(self):
        self.git('add', '.')
        self.git('commit', '-q', '-m', 'a version')

    def run_script(self, *words):
        done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def frozen(self):
        return self.run_script(f'{HERE}/frozen', self.record)

    def layout(self, *flags):
        return self.run_script(f'{HERE}/layout.py', self.headers, self.record, *flags)

    def edit(self, path, pattern, replacement):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1)
        self.assertEqual(count, 1, pattern)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(changed)

    def header(self, name):
        return f'{self.headers}/{name}'

    def assert_refused(self, result, part):
        self.assertEqual(result[0], 1, result[1])
        self.assertIn(part, result[1])

    def test_a_release_changes_nothing_and_passes(self):
        self.assertEqual(self.layout()[0], 0)
        self.assertEqual(self.frozen()[0], 0)
        self.assertIn('released lines are untouched', self.frozen()[1])

    def append(self):
        self.edit(self.header('telemetry.h'), r'\n\} fh_sample;', '\n  uint64_t later;\n} fh_sample;')

    def test_a_record_grows_at_its_end_and_once_released_stays_so(self):
        self.append()
        self.assert_refused(self.layout(), '+ FH_LAYOUT(offsetof(fh_sample, later)')
        self.assertEqual(self.layout('--write')[0], 0)
        self.assertEqual(self.layout()[0], 0)
        self.assertEqual(self.frozen()[0], 0)
        self.assertEqual(self.layout('--release', '1.1')[0], 0)
        self.commit()
        self.assertEqual((self.layout()[0], self.frozen()[0]), (0, 0))
        self.edit(self.header('telemetry.h'), r'  uint64_t later;\n', '')
        self.assert_refused(self.layout('--write'), 'later')

    def test_a_member_in_the_middle_is_refused_also_when_the_record_is_written_anew(self):
        self.edit(self.header('abi.h'), r'  int32_t code;', '  int32_t before;\n  int32_t code;')
        self.assert_refused(self.layout(), 'offsetof(fh_error, code)')
        self.assert_refused(self.layout('--write'), 'offsetof(fh_error, code)')

    def test_a_table_does_not_grow(self):
        self.edit(self.header('health.h'), r'\n\} fh_health;',
                  '\n  int32_t (*later)(void* self, const fh_call* call);\n} fh_health;')
        self.assert_refused(self.layout('--write'), 'sizeof(fh_health)')

    def test_a_number_or_a_word_does_not_change(self):
        self.edit(self.header('abi.h'), r'FH_E_AGAIN 1 ', 'FH_E_AGAIN 11 ')
        self.assert_refused(self.layout('--write'), 'FH_E_AGAIN == 1u')
        self.edit(self.header('abi.h'), r'FH_E_AGAIN 11 ', 'FH_E_AGAIN 1 ')
        self.edit(self.header('health.h'), r'farmhand.health/1"', 'farmhand.health/2"')
        self.assert_refused(self.layout('--write'), 'FH_HEALTH_ID')

    def test_a_unit_of_the_catalogue_does_not_change(self):
        self.edit(self.header('metrics.h'), r'"power", FH_METRIC_GAUGE, FH_UNIT_WATT',
                  '"power", FH_METRIC_GAUGE, FH_UNIT_JOULE')
        self.assert_refused(self.layout('--write'), 'metric "power"')

    def test_a_line_above_the_mark_does_not_change_whatever_the_headers_say(self):
        self.edit(self.record, r'FH_LAYOUT\(offsetof\(fh_sample, value\) == \d+\)\n', '')
        self.assertEqual(self.layout('--write')[0], 0)
        self.assert_refused(self.frozen(), 'is released and was changed')

    def test_the_mark_does_not_go_not_even_in_a_commit(self):
        self.edit(self.record, r'/\* ---- released: 1.0.*\n', '')
        self.assert_refused(self.frozen(), 'released: 1.0')
        self.commit()
        self.assert_refused(self.frozen(), 'released: 1.0')


if __name__ == '__main__':
    unittest.main()
