// SPDX-License-Identifier: Apache-2.0
// The outcome for people, line by line as it comes, and for programs as one JSON object.
#pragma once

#include <string>

#include "manifest.hh"
#include "options.hh"
#include "runner.hh"
#include "tests.hh"

namespace farmhand::check {

class Report {
 public:
  Report(const Options& options, const Manifest& manifest);

  void add(const Test& test, const Outcome& outcome);
  int finish();  // prints the rest; the exit code

 private:
  void print(const Test& test, const Outcome& outcome) const;

  const Options& options_;
  std::string json_;
  unsigned passed_ = 0;
  unsigned failed_ = 0;
  unsigned skipped_ = 0;
};

}  // namespace farmhand::check
