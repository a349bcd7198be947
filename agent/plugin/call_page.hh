// SPDX-License-Identifier: Apache-2.0
// The page a plugin host shares with the agent: what each worker is calling right now. It is
// written before every call into the plugin, so that after a hang or a crash the agent knows which
// device was at fault, without asking a process that cannot answer any more.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "plugin/frame.hh"

namespace farmhand {

constexpr uint32_t kWorkersMax = 16;
constexpr uint32_t kWaiter = kWorkersMax;  // the thread that waits for events, after them
constexpr uint32_t kCallPageBytes = 4096;

// One worker's call. `id` is set last and cleared first.
struct alignas(64) CallSlot {
  std::atomic<uint64_t> id;  // 0: idle
  std::atomic<uint64_t> started_boottime_ns;
  std::atomic<frame::Operation> operation;
  std::atomic<uint32_t> device;

  void enter(uint64_t call_id, frame::Operation what, uint32_t which, uint64_t now_ns) {
    started_boottime_ns.store(now_ns, std::memory_order_relaxed);
    operation.store(what, std::memory_order_relaxed);
    device.store(which, std::memory_order_relaxed);
    id.store(call_id, std::memory_order_release);
  }
  void leave() { id.store(0, std::memory_order_release); }
};

// Who died, as the dying thread said it: 0 nobody yet, worker + 1, or kNotAWorker.
constexpr uint32_t kNotAWorker = UINT32_MAX;

struct CallPage {
  std::atomic<uint32_t> dying_worker;
  std::array<CallSlot, kWorkersMax + 1> slots;
};

static_assert(sizeof(CallPage) <= kCallPageBytes);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

}  // namespace farmhand
