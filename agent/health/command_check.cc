// SPDX-License-Identifier: Apache-2.0
#include "health/command_check.hh"

#include <farmhand/reasons.h>

#include <cstring>

#include "config/values.hh"
#include "health/perfdata.hh"
#include "plugin/text.hh"

namespace farmhand {

namespace {

constexpr size_t kSentenceBytesMax = 512;

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string first_line(std::string_view text) {
  const std::string all = trimmed(text);
  return cleaned_text(all.substr(0, all.find('\n')), kSentenceBytesMax);
}

std::string name_of_signal(int signum) {
  const char* const name = ::sigabbrev_np(signum);
  return name == nullptr ? std::to_string(signum) : "SIG" + std::string(name);
}

// Why there is no answer; empty: there is one.
std::string why_no_answer(const CommandDefinition& command, const Command::End& end) {
  if (end.parked) return "hangs in the kernel and cannot be killed";
  if (end.timed_out) return "did not end within " + text_of(command.timeout) + " and was killed";
  if (end.stopped) return "was stopped";
  if (end.signal != 0) return "was killed by " + name_of_signal(end.signal);
  if (end.status == 127) return "ended with status 127: a program or library it needs is missing";
  if (end.status == 126) return "ended with status 126: a program it needs may not be run";
  if (end.status > 3) {
    return "ended with status " + std::to_string(end.status) + ", which is no verdict (0 to 3 are)";
  }
  return "";
}

Finding unknown(const CommandDefinition& command, std::string sentence, uint64_t now_ns) {
  Finding finding;
  finding.check = command.name;
  finding.reason = FH_REASON_READING_FAILED;
  finding.sentence = std::move(sentence);
  finding.action = "Run it by hand: " + cleaned_text(command.argv.front(), kSentenceBytesMax);
  finding.boottime_ns = now_ns;
  return finding;
}

// What it had to say all the same.
std::string last_words(const Command::End& end) {
  const std::string words = first_line(end.output.empty() ? end.errors : end.output);
  return words.empty() ? "" : "; it said: " + words;
}

}  // namespace

CheckOutput read_check_output(std::string_view output) {
  CheckOutput out;
  const std::string all = trimmed(output);
  const size_t line_end = all.find('\n');
  const std::string line = all.substr(0, line_end);
  const size_t bar = line.find('|');
  out.sentence = cleaned_text(trimmed(line.substr(0, bar)), kSentenceBytesMax);
  std::string perfdata = bar == line.npos ? "" : line.substr(bar + 1);
  const std::string rest = line_end == all.npos ? "" : all.substr(line_end + 1);
  const size_t later = rest.find('|');
  if (later != rest.npos) perfdata += ' ' + rest.substr(later + 1);
  out.evidence = parse_perfdata(perfdata);
  return out;
}

Finding finding_from(const CommandDefinition& command, const Command::End& end, uint64_t now_ns) {
  const std::string program = command.argv.front();
  if (const std::string why = why_no_answer(command, end); !why.empty()) {
    return unknown(command, program + ' ' + why + last_words(end), now_ns);
  }
  CheckOutput output = read_check_output(end.output);
  if (output.sentence.empty() && output.evidence.empty()) {
    return unknown(command,
                   program + " ended with status " + std::to_string(end.status) +
                       " and said nothing" + last_words(end),
                   now_ns);
  }
  Finding finding;
  finding.check = command.name;
  finding.verdict = static_cast<Verdict>(end.status);
  if (finding.verdict == Verdict::kUnknown) finding.reason = FH_REASON_READING_FAILED;
  if (end.status == 1 || end.status == 2) finding.reason = command.reason;
  finding.sentence = std::move(output.sentence);
  finding.action = command.action;
  finding.evidence = std::move(output.evidence);
  finding.boottime_ns = now_ns;
  return finding;
}

Finding finding_from(const CommandDefinition& command, const Error& not_started, uint64_t now_ns) {
  return unknown(command, cleaned_text(not_started.message, kSentenceBytesMax), now_ns);
}

}  // namespace farmhand
