// SPDX-License-Identifier: Apache-2.0
// libuv's timers, wake-ups and loop, in virtual time. Defined in the program itself, they come
// before the shared library's. One queue of events, by time and then by the order of asking: the
// same run twice is the same run.
#include "virtual_loop.hh"

#include <uv.h>

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace farmhand::simulation {
namespace {

// How long a wake-up takes. It is the store thread's pace, too: one job for each (store_thread.cc).
constexpr uint64_t kWakeUpNs = 100'000;

using Moment = std::pair<uint64_t, uint64_t>;  // when, order of asking

struct World {
  uint64_t now_ns = 0;
  uint64_t asked = 0;
  std::map<Moment, std::function<void()>> events;
  std::unordered_map<const void*, Moment> handles;  // those that are active
  std::vector<std::pair<uv_handle_t*, uv_close_cb>> closing;
  size_t open = 0;
  bool stopped = false;

  Moment add(uint64_t when_ns, std::function<void()> then) {
    const Moment moment{std::max(when_ns, now_ns), ++asked};
    events.emplace(moment, std::move(then));
    return moment;
  }
  void start(const void* handle, uint64_t when_ns, std::function<void()> then) {
    end(handle);
    handles[handle] = add(when_ns, std::move(then));
  }
  void end(const void* handle) {
    const auto at = handles.find(handle);
    if (at == handles.end()) return;
    events.erase(at->second);
    handles.erase(at);
  }
  void run_first() {
    auto event = events.extract(events.begin());
    now_ns = event.key().first;
    event.mapped()();
  }
  void close_handles() {
    while (!closing.empty()) {
      const auto all = std::exchange(closing, {});
      for (const auto& [handle, closed] : all) {
        --open;
        closed(handle);
      }
    }
  }
};

World& world_of(const uv_loop_t* loop) {
  return *static_cast<World*>(loop->data);
}

void start_timer(uv_timer_t* timer, uint64_t delay_ms) {
  World& world = world_of(timer->loop);
  world.start(timer, world.now_ns + delay_ms * kMillisecond, [timer, &world] {
    world.end(timer);
    if (timer->repeat != 0) start_timer(timer, timer->repeat);
    timer->timer_cb(timer);
  });
}

}  // namespace

uint64_t now_ns(Loop& loop) {
  return world_of(&loop.uv()).now_ns;
}

void at_ns(Loop& loop, uint64_t when_ns, std::function<void()> then) {
  world_of(&loop.uv()).add(when_ns, std::move(then));
}

}  // namespace farmhand::simulation

using farmhand::simulation::World;
using farmhand::simulation::world_of;

extern "C" {

int uv_loop_init(uv_loop_t* loop) {
  loop->data = new World;
  return 0;
}

int uv_loop_close(uv_loop_t* loop) {
  World& world = world_of(loop);
  if (world.open != 0) return UV_EBUSY;
  delete &world;
  return 0;
}

void uv_stop(uv_loop_t* loop) {
  world_of(loop).stopped = true;
}

int uv_run(uv_loop_t* loop, uv_run_mode mode) {
  World& world = world_of(loop);
  const uint64_t began_ns = world.now_ns;
  world.close_handles();
  while (!world.stopped && !world.events.empty()) {
    if (mode == UV_RUN_NOWAIT && world.events.begin()->first.first > began_ns) break;
    world.run_first();
    world.close_handles();
    if (mode == UV_RUN_ONCE) break;
  }
  world.stopped = false;
  return world.events.empty() ? 0 : 1;
}

int uv_timer_init(uv_loop_t* loop, uv_timer_t* timer) {
  timer->loop = loop;
  timer->type = UV_TIMER;
  ++world_of(loop).open;
  return 0;
}

int uv_timer_start(uv_timer_t* timer, uv_timer_cb callback, uint64_t delay_ms, uint64_t repeat_ms) {
  timer->timer_cb = callback;
  timer->repeat = repeat_ms;
  farmhand::simulation::start_timer(timer, delay_ms);
  return 0;
}

int uv_timer_stop(uv_timer_t* timer) {
  world_of(timer->loop).end(timer);
  return 0;
}

int uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb callback) {
  async->loop = loop;
  async->type = UV_ASYNC;
  async->async_cb = callback;
  ++world_of(loop).open;
  return 0;
}

int uv_async_send(uv_async_t* async) {
  World& world = world_of(async->loop);
  if (world.handles.contains(async)) return 0;
  world.start(async, world.now_ns + farmhand::simulation::kWakeUpNs, [async, &world] {
    world.end(async);
    async->async_cb(async);
  });
  return 0;
}

int uv_is_active(const uv_handle_t* handle) {
  return world_of(handle->loop).handles.contains(handle) ? 1 : 0;
}

void uv_close(uv_handle_t* handle, uv_close_cb closed) {
  World& world = world_of(handle->loop);
  world.end(handle);
  world.closing.emplace_back(handle, closed);
}

// What keeps a loop from returning does not matter here: it is told how long to run.
void uv_ref(uv_handle_t*) {}
void uv_unref(uv_handle_t*) {}

}  // extern "C"
