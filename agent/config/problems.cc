// SPDX-License-Identifier: Apache-2.0
#include "config/problems.hh"

#include <algorithm>
#include <numeric>

namespace farmhand {

namespace {

// Levenshtein, with one row kept.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

void Problems::add(int line, std::string_view sentence) {
  std::string whole = path_;
  if (line > 0) whole += ':' + std::to_string(line);
  lines_.push_back(whole + ": " + std::string(sentence));
  each_.push_back({line, std::string(sentence)});
}

Error Problems::error() const {
  std::string all;
  for (const std::string& line : lines_) all += (all.empty() ? "" : "\n") + line;
  return {Errc::kInvalid, all};
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words) {
  std::string_view best;
  // A third of the letters may differ: beyond that the guess would puzzle more than help.
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : words) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words) {
  const std::string_view best = nearest(word, words);
  return best.empty() ? "" : "; did you mean '" + std::string(best) + "'?";
}

bool names_a_secret(std::string_view key) {
  for (const std::string_view ending : {"_file", "_path", "_dir"}) {
    if (key.ends_with(ending)) return false;
  }
  for (const std::string_view word : {"password", "passwd", "secret", "token", "credential"}) {
    if (key.find(word) != key.npos) return true;
  }
  return false;
}

}  // namespace farmhand
