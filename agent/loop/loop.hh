// SPDX-License-Identifier: Apache-2.0
// The event loop: one per process, one thread, passed by reference. `run` returns by itself when no
// part has anything left open; destroying a loop with open handles is a bug and asserts.
#pragma once

#include <uv.h>

#include <cstdint>

namespace farmhand {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();                    // until nothing is open, or stop()
  void run_for_ms(uint64_t ms);  // for tests: at most this long
  bool run_once();               // one turn, waiting for an event; false: nothing is open
  void turn();                   // one turn, waiting for nothing
  void stop();                   // run() returns after this turn

  uv_loop_t& uv() { return loop_; }
  void* native() { return &loop_; }  // for libraries that run on a foreign loop

 private:
  uv_loop_t loop_;
};

}  // namespace farmhand
