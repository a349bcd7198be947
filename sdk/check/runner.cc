// SPDX-License-Identifier: Apache-2.0
#include "runner.hh"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>

#include "stage.hh"
#include "tracer.hh"

namespace farmhand::check {

namespace {

using Clock = std::chrono::steady_clock;

// The exit code of a body that ran to its end; anything else is the plugin's doing.
constexpr int kDone = 97;

std::string content_of(int fd) {
  struct stat info {};
  fstat(fd, &info);
  std::string text(static_cast<size_t>(info.st_size), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

// One line per finding: `S reason`, `P sentence`.
void write_findings(const Findings& findings, int fd) {
  std::string lines;
  if (!findings.skipped().empty()) lines += "S " + findings.skipped() + "\n";
  for (const auto topic : {Topic::kOwn, Topic::kRecords, Topic::kText, Topic::kErrors, Topic::kTime,
                           Topic::kLate, Topic::kFlood}) {
    // A test that wants a shared topic reports it as its own; see tests.cc.
    if (topic != Topic::kOwn) continue;
    for (const std::string& sentence : findings.of(topic)) lines += "P " + sentence + "\n";
  }
  if (write(fd, lines.data(), lines.size()) < 0) _exit(1);
}

[[noreturn]] void be_child(const Body& body, int report, int output, int gate) {
  char go = 0;
  if (read(gate, &go, 1) < 0) _exit(1);
  close(gate);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  catch_faults();
  Findings findings;
  body(findings);
  write_findings(findings, report);
  at("the exit of the process");
  exit(kDone);
}

std::string last_line(const std::string& text) {
  size_t end = text.find_last_not_of('\n');
  if (end == text.npos) return {};
  const size_t begin = text.rfind('\n', end);
  return text.substr(begin == text.npos ? 0 : begin + 1, end - (begin == text.npos ? -1 : begin));
}

void tell_death(int status, const std::string& words, Outcome& outcome) {
  const std::string place =
      stage().operation[0] == '\0' ? "between two calls" : "in " + std::string(stage().operation);
  std::string sentence;
  if (WIFSIGNALED(status)) {
    sentence = "the process died of " + std::string(strsignal(WTERMSIG(status))) + " " + place;
    if (stage().fault[0] != '\0') sentence += ": " + std::string(stage().fault);
  } else {
    sentence = "the plugin ended the process with exit code " +
               std::to_string(WEXITSTATUS(status)) + " " + place + ": return a status instead";
  }
  const std::string last = last_line(words);
  if (stage().fault[0] == '\0' && !last.empty()) sentence += "; its last words: " + last;
  outcome.problems.push_back(sentence);
}

void read_report(const std::string& text, Outcome& outcome) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("S ")) outcome.skipped = line.substr(2);
    if (line.starts_with("P ")) outcome.problems.push_back(line.substr(2));
  }
}

Outcome run(const Body& body, unsigned timeout_s, bool traced) {
  const auto begin = Clock::now();
  const int report = memfd_create("report", MFD_CLOEXEC);
  const int output = memfd_create("output", MFD_CLOEXEC);
  int gate[2];
  Outcome outcome;
  if (report < 0 || output < 0 || pipe2(gate, 0) != 0) abort();
  stage() = Stage{};
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    close(gate[1]);
    be_child(body, report, output, gate[0]);
  }
  setpgid(pid, pid);
  close(gate[0]);
  Tracer tracer(traced ? pid : 0);
  if (traced && !tracer.attached()) outcome.skipped = "this system does not allow ptrace";
  if (write(gate[1], "g", 1) < 0) abort();
  close(gate[1]);
  int status = 0;
  bool over = false;
  while (!tracer.wait(pid, status)) {
    if (!over && Clock::now() - begin > std::chrono::seconds(timeout_s)) {
      outcome.problems.push_back(
          "no end after " + std::to_string(timeout_s) + " s in " +
          (stage().operation[0] == '\0' ? "a plugin's thread" : stage().operation) +
          ": every call returns by its deadline");
      over = true;
      kill(-pid, SIGKILL);
    }
    const timespec pause{0, 2'000'000};
    nanosleep(&pause, nullptr);
  }
  kill(-pid, SIGKILL);  // what the plugin left behind
  read_report(content_of(report), outcome);
  const bool done = WIFEXITED(status) && WEXITSTATUS(status) == kDone;
  if (!done && !over) tell_death(status, content_of(output), outcome);
  if (tracer.forked_without_exec()) {
    outcome.problems.push_back(
        "it forked without calling exec in the child: use posix_spawn, for the host has threads");
  }
  close(report);
  close(output);
  outcome.took_ms = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count());
  if (!outcome.problems.empty()) {
    outcome.result = Result::kFailed;
  } else if (!outcome.skipped.empty()) {
    outcome.result = Result::kSkipped;
  }
  return outcome;
}

}  // namespace

Outcome run_apart(const Body& body, unsigned timeout_s) {
  return run(body, timeout_s, false);
}

Outcome run_traced(const Body& body, unsigned timeout_s) {
  return run(body, timeout_s, true);
}

}  // namespace farmhand::check
