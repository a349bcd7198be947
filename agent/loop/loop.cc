// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hh"

#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "loop/timer.hh"

namespace farmhand {

Loop::Loop() {
  ::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error code, not our death
  if (uv_loop_init(&loop_) != 0) std::abort();  // out of descriptors at birth: nothing can work
}

Loop::~Loop() {
  // Wrappers destroyed just before have their close callbacks still to come.
  uv_run(&loop_, UV_RUN_NOWAIT);
  uv_run(&loop_, UV_RUN_NOWAIT);
  if (uv_loop_close(&loop_) != 0) {
    uv_print_all_handles(&loop_, stderr);
    std::abort();  // a part outlived its loop
  }
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void Loop::run_for_ms(uint64_t ms) {
  Timer limit(*this);
  limit.once(ms, [this] { stop(); });
  run();
}

bool Loop::run_once() {
  return uv_run(&loop_, UV_RUN_ONCE) != 0;
}

void Loop::turn() {
  uv_run(&loop_, UV_RUN_NOWAIT);
}

void Loop::stop() {
  uv_stop(&loop_);
}

}  // namespace farmhand
