// SPDX-License-Identifier: Apache-2.0
#include "stage.hh"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.hh"

namespace farmhand::check {

namespace {

// The default action follows: the handler is a one-shot and the instruction faults again.
void on_fault(int, siginfo_t* info, void*) {
  const char* const what = guarded_at(info->si_addr);
  if (what != nullptr) strncpy(stage().fault, what, sizeof stage().fault - 1);
}

}  // namespace

Stage& stage() {
  static Stage* const page = static_cast<Stage*>(
      mmap(nullptr, sizeof(Stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *page;
}

void at(const char* format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(stage().operation, sizeof stage().operation, format, args);
  va_end(args);
}

void at_rest() {
  stage().operation[0] = '\0';
}

void catch_faults() {
  static char stack[32768];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace farmhand::check
