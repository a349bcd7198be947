// SPDX-License-Identifier: Apache-2.0
// What --help says.
#pragma once

namespace farmhand::check {

inline const char* const kUsage =
    R"(Checks a Farmhand plugin against the rules of its ABI, each in a process of its own.

  farmhand-plugin-check [options] PLUGIN    PLUGIN: the manifest NAME.toml, or a library NAME.so
  farmhand-plugin-check show [--setting …] PLUGIN
                                            its devices and one reading of each metric
  farmhand-plugin-check --list              the tests, with the rule and the promise of each
  farmhand-plugin-check new NAME --vendor V [--build make|meson] [--in FOLDER]
                                            a new plugin's project, ready to build and check

  --setting KEY=VALUE   a setting of the plugin, as in [plugins.NAME.settings]; may be repeated
  --empty KEY=VALUE     a setting under which there is no device; may be repeated
  --vanish COMMAND      a shell command that makes a device vanish, for the test 'vanished'
  --active              also what changes the hardware: prepare, release, quick tests, gentle reset
  --only NAME           this test only; may be repeated, or a list with commas
  --seed N              the same moments and inputs as another run; printed at the end of each
  --timeout SECONDS     of one test (45)
  --json                the report as JSON

Ends with 0 when every test passed or was skipped, 1 when one failed, 2 when nothing could be checked.
The manual has it all: man farmhand-plugin-check.
)";

inline const char* const kNewUsage =
    R"(Makes the project of a new plugin: one source file, a build, a folder that stands in for the hardware.

  farmhand-plugin-check new NAME --vendor V [--build make|meson] [--in FOLDER]

  NAME                  the plugin's id: lower case letters, digits and '-'; also the folder's name
  --vendor V            the vendor's word in partition names and metric labels
  --build make|meson    how it is built (make)
  --in FOLDER           where the project's folder is made (here)

Then, in the new folder: 'make', 'make check', and 'sudo make install'. An existing folder is never touched.
)";

inline const char* const kShowUsage =
    R"(Shows what a plugin gives: its devices, and one reading of each metric.

  farmhand-plugin-check show [--setting KEY=VALUE]… PLUGIN

  PLUGIN                the manifest NAME.toml, or a library NAME.so
  --setting KEY=VALUE   a setting of the plugin, as in [plugins.NAME.settings]; may be repeated

It runs the plugin in this very process, as this user: to see what the agent would see, run it as the plugin's user.
)";

}  // namespace farmhand::check
