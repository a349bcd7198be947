// SPDX-License-Identifier: Apache-2.0
// The first page of a damaged queue file holds the header and the schema: without it nothing else
// can be found. As it is the same in all files but for a few counters, that of a fresh file takes
// its place while the damaged one is read. It is put back afterwards.
#pragma once

#include <string>

#include "outbox/tables.hh"

namespace farmhand {

class FirstPage {
 public:
  // Does nothing to a file that is not ours.
  FirstPage(const std::string& damaged_path, Tables& fresh);
  ~FirstPage();
  FirstPage(const FirstPage&) = delete;
  FirstPage& operator=(const FirstPage&) = delete;

 private:
  std::string path_;
  std::string original_;  // empty: not replaced
};

}  // namespace farmhand
