// SPDX-License-Identifier: Apache-2.0
// What `farmhand.diag/1` runs on a package.
#pragma once

#include <farmhand/diag.hh>

#include "libraries.hh"
#include "peaks.hh"
#include "topology.hh"

namespace farmhand::cpu {

// A package under test. Everything borrowed lives as long as the call.
struct Bench {
  Call& call;
  const TestRun& run;
  const Package& package;
  Libraries& libraries;
  const std::vector<Peak>& peaks;
};

void list_tests(Call& call, const Package& package);

// FH_E_INVALID if there is no such test.
void run_test(Bench bench);

// Each in its own file.
void run_compute(Bench& bench, Dtype dtype);
void run_bandwidth(Bench& bench);
void run_integrity(Bench& bench);

// The processors to load: one of each core, or each one. Throws where none may be used.
std::vector<int32_t> usable_cpus(const Package& package, bool every_thread);

class Crew;
// Waits for the test's time to be over, tells how far it is, and stops the crew. Throws
// FH_E_CANCELLED and what a worker threw.
void oversee(Bench& bench, Crew* crew, const char* doing);

}  // namespace farmhand::cpu
