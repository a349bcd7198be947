// SPDX-License-Identifier: Apache-2.0
#include "report.hh"

#include <stdio.h>
#include <farmhand/text.hh>

namespace farmhand::check {

namespace {

// What a plugin said may be anything; a report is always UTF-8.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (text[0] == '"' || text[0] == '\\') {
      out += '\\';
      out += text[0];
    } else if (length == 0 || first < 0x20) {
      char code[8];
      snprintf(code, sizeof code, "\\u%04x", length == 0 ? 0xFFFD : first);
      out += code;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

const char* word_of(Result result) {
  if (result == Result::kFailed) return "failed";
  return result == Result::kSkipped ? "skipped" : "ok";
}

}  // namespace

Report::Report(const Options& options, const Manifest& manifest) : options_(options) {
  const std::string& path =
      options.manifest_path.empty() ? options.library_path : options.manifest_path;
  if (!options.json) {
    printf("%s", path.c_str());
    if (!manifest.id.empty()) {
      printf(": %s %s by %s", manifest.id.c_str(), manifest.version.c_str(),
             manifest.vendor.c_str());
    }
    printf("\n");
    return;
  }
  json_ = "{\"schema\": \"farmhand-plugin-check/1\", \"abi\": \"" + std::to_string(FH_ABI_MAJOR) +
          "." + std::to_string(FH_ABI_MINOR) + "\", \"plugin\": {\"path\": " + quoted(path) +
          ", \"id\": " + quoted(manifest.id) + ", \"vendor\": " + quoted(manifest.vendor) +
          ", \"version\": " + quoted(manifest.version) +
          ", \"sha256\": " + quoted(manifest.sha256) +
          "}, \"seed\": " + std::to_string(options.seed) +
          ", \"active\": " + (options.active ? "true" : "false") + ", \"tests\": [";
}

void Report::add(const Test& test, const Outcome& outcome) {
  unsigned& count = outcome.result == Result::kFailed    ? failed_
                    : outcome.result == Result::kSkipped ? skipped_
                                                         : passed_;
  const bool first = passed_ + failed_ + skipped_ == 0;
  ++count;
  if (!options_.json) return print(test, outcome);
  json_ += std::string(first ? "" : ",") + "\n  {\"name\": " + quoted(test.name) +
           ", \"rule\": " + quoted(test.rule) + ", \"promise\": " + quoted(test.promise) +
           ", \"result\": \"" + word_of(outcome.result) +
           "\", \"ms\": " + std::to_string(outcome.took_ms);
  if (!outcome.skipped.empty()) json_ += ", \"skipped\": " + quoted(outcome.skipped);
  json_ += ", \"problems\": [";
  for (size_t i = 0; i < outcome.problems.size(); ++i) {
    json_ += (i == 0 ? "" : ", ") + quoted(outcome.problems[i]);
  }
  json_ += "]}";
}

void Report::print(const Test& test, const Outcome& outcome) const {
  static constexpr const char* kMarks[] = {"ok  ", "FAIL", "skip"};
  printf("  %s  %-14s %-3s  %s\n", kMarks[static_cast<size_t>(outcome.result)], test.name,
         test.rule, test.promise);
  for (const std::string& problem : outcome.problems)
    printf("        - %s\n", clean(problem).c_str());
  if (outcome.result == Result::kSkipped) printf("        (%s)\n", clean(outcome.skipped).c_str());
  fflush(stdout);
}

int Report::finish() {
  const unsigned all = passed_ + failed_ + skipped_;
  if (options_.json) {
    printf("%s\n], \"ok\": %u, \"failed\": %u, \"skipped\": %u, \"passed\": %s}\n", json_.c_str(),
           passed_, failed_, skipped_, failed_ == 0 ? "true" : "false");
  } else {
    printf("%u tests: %u ok, %u failed, %u skipped; seed %llu\n", all, passed_, failed_, skipped_,
           static_cast<unsigned long long>(options_.seed));
  }
  return failed_ == 0 ? 0 : 1;
}

}  // namespace farmhand::check
