// SPDX-License-Identifier: Apache-2.0
#include "host/last_words.hh"

#include <signal.h>

#include <cstdlib>

namespace farmhand::host {

namespace {

// The kernel needs up to 11 KiB for a frame with AVX-512 and AMX state.
constexpr size_t kSignalStackBytes = 32 << 10;

CallPage* g_page = nullptr;
thread_local uint32_t t_dying_as = kNotAWorker;
thread_local stack_t t_stack_before;

void say() {
  uint32_t nobody = 0;
  g_page->dying_worker.compare_exchange_strong(nobody, t_dying_as);
}

void on_fatal(int signum) {
  say();
  // SA_RESETHAND has put the default back: this one ends us when the handler returns.
  ::raise(signum);
}

}  // namespace

void watch_for_death(CallPage& page) {
  g_page = &page;
  struct sigaction action {};
  action.sa_handler = on_fatal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_ONSTACK;
  for (const int signum : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    ::sigaction(signum, &action, nullptr);
  }
  std::atexit(say);
}

void this_thread_is_worker(uint32_t index) {
  t_dying_as = index + 1;
  stack_t stack{};
  stack.ss_sp = std::malloc(kSignalStackBytes);
  stack.ss_size = kSignalStackBytes;
  if (stack.ss_sp != nullptr) ::sigaltstack(&stack, &t_stack_before);
}

// Whoever gave the thread a stack before, as sanitizers do, takes it back when the thread ends.
void this_thread_ends() {
  stack_t ours{};
  ::sigaltstack(&t_stack_before, &ours);
  std::free(ours.ss_sp);
}

}  // namespace farmhand::host
