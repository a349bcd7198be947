// SPDX-License-Identifier: Apache-2.0
// Everything that is wrong with a file, told at once: who mends a configuration wants one round.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace farmhand {

class Problems {
 public:
  explicit Problems(std::string path) : path_(std::move(path)) {}

  // Line 0: of the file as a whole.
  void add(int line, std::string_view sentence);
  void add(Error whole) { lines_.push_back(std::move(whole.message)); }  // has its place in it
  bool none() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  // What `add` was given, where a caller puts the sentences together by itself.
  struct Problem {
    int line;
    std::string sentence;
  };
  const std::vector<Problem>& each() const { return each_; }
  const std::string& path() const { return path_; }

  Error error() const;  // all of them, one per line

 private:
  std::string path_;
  std::vector<std::string> lines_;
  std::vector<Problem> each_;
};

// The word nearest to `word` by edit distance, when it is near enough to be a slip; else empty.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words);

// `; did you mean 'interval'?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words);

// Whether a key asks for a secret by its name. What only names a file that holds one does not.
bool names_a_secret(std::string_view key);

}  // namespace farmhand
