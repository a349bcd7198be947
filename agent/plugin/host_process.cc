// SPDX-License-Identifier: Apache-2.0
// The process; what is said to it and by it is in host_channel.cc.
#include "plugin/host_process.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace farmhand {

namespace {

// Sealed: a host that cut the page short would kill the agent with SIGBUS.
Result<Fd> make_page() {
  Fd fd(::memfd_create("farmhand-calls", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::ftruncate(fd.get(), kCallPageBytes) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return error_from_errno("make the call page", errno);
  }
  return fd;
}

// One wait for events ends after a second; a busy machine may be late.
constexpr uint64_t kWaitMaxNs = 5'000'000'000;

std::string how_it_ended(const Child::Exit& exit) {
  if (exit.signal == 0) {
    return "the plugin host ended by itself with status " + std::to_string(exit.status);
  }
  const char* name = ::sigdescr_np(exit.signal);
  return "the plugin host was ended by signal " + std::to_string(exit.signal) + " (" +
         (name == nullptr ? "unknown" : name) + ")";
}

}  // namespace

void HostProcess::Unmap::operator()(const CallPage* page) const {
  ::munmap(const_cast<CallPage*>(page), kCallPageBytes);
}

Result<std::unique_ptr<HostProcess>> HostProcess::start(Loop& loop, const Clock& clock,
                                                        const Launch& launch, Listener& listener) {
  std::unique_ptr<HostProcess> host(new HostProcess(clock, listener));
  if (auto spawned = host->spawn(loop, launch); !spawned) return spawned.error();
  host->say_hello(launch);
  return host;
}

HostProcess::~HostProcess() {
  *destroyed_ = true;
  if (alive_) kill(nullptr);
}

Result<void> HostProcess::spawn(Loop& loop, const Launch& launch) {
  const auto page = make_page();
  if (!page) return page.error();
  void* at = ::mmap(nullptr, kCallPageBytes, PROT_READ, MAP_SHARED, page->get(), 0);
  if (at == MAP_FAILED) return error_from_errno("map the call page", errno);
  page_.reset(static_cast<const CallPage*>(at));

  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return error_from_errno("make a channel", errno);
  }
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  Child::Spec spec{
      .argv = {launch.program, std::to_string(::getpid())},
      .env = launch.env,
      .fds = {-1, -1, launch.stderr_fd, theirs.get(), launch.plugin->library->get(), page->get()},
      .uid = {},
      .gid = {}};
  if (!launch.identity.empty()) spec.argv.push_back(launch.identity);
  auto child = Child::start(loop, spec, [this](Child::Exit exit) { on_exit(exit); });
  if (!child) return child.error();
  child_.emplace(std::move(*child));
  pid_ = child_->pid();
  alive_ = true;

  auto channel = Stream::adopt(loop, std::move(ours));
  if (!channel) return channel.error();
  channel_.emplace(std::move(*channel));
  // The end of the channel is no news: the end of the process, which follows, says more.
  channel_->read([this](std::string_view bytes) { on_bytes(bytes); }, [](const Error&) {});
  return {};
}

std::optional<uint64_t> HostProcess::next_deadline_ns() const {
  std::optional<uint64_t> next;
  for (const Awaited& call : awaited_) next = std::min(next.value_or(UINT64_MAX), call.deadline_ns);
  return next;
}

std::optional<HostProcess::Fault> HostProcess::find_overdue(uint64_t now_ns) const {
  bool overdue = false;
  Fault fault;
  uint64_t longest_since_ns = UINT64_MAX;
  for (const Awaited& call : awaited_) {
    if (call.deadline_ns > now_ns) continue;
    overdue = true;
    for (const CallSlot& slot : page_->slots) {
      if (slot.id.load(std::memory_order_acquire) != call.id) continue;
      const uint64_t since_ns = slot.started_boottime_ns.load(std::memory_order_relaxed);
      if (since_ns >= longest_since_ns) continue;
      longest_since_ns = since_ns;
      fault = {.operation = slot.operation.load(std::memory_order_relaxed), .device = call.device};
    }
  }
  return overdue ? std::optional(fault) : std::nullopt;
}

void HostProcess::forget_calls_for_none() {
  std::erase_if(awaited_, [](const Awaited& call) { return call.device == frame::kNoDevice; });
}

bool HostProcess::waits_too_long(uint64_t now_ns) const {
  const CallSlot& slot = page_->slots[kWaiter];
  if (slot.id.load(std::memory_order_acquire) == 0) return false;
  return now_ns > slot.started_boottime_ns.load(std::memory_order_relaxed) + kWaitMaxNs;
}

void HostProcess::on_exit(Child::Exit exit) {
  // What the plugin started and left behind in the group.
  ::kill(-pid_, SIGKILL);
  alive_ = false;
  if (on_gone_) return std::exchange(on_gone_, nullptr)();
  if (listener_ == nullptr) return;
  // Killed from outside, as the kernel does when memory runs out: no call is to blame.
  const Fault fault = exit.signal == SIGKILL ? Fault{} : fault_at_death();
  end(fault, how_it_ended(exit));
}

void HostProcess::end(const Fault& fault, const std::string& how) {
  channel_.reset();
  std::exchange(listener_, nullptr)->on_ended(*this, fault, how);
}

// The thread that died named itself; where it could not, the longest call is the best guess.
HostProcess::Fault HostProcess::fault_at_death() const {
  const uint32_t dying = page_->dying_worker.load();
  Fault fault;
  uint64_t longest_since_ns = UINT64_MAX;
  for (uint32_t i = 0; i < page_->slots.size() && dying != kNotAWorker; ++i) {
    const CallSlot& slot = page_->slots[i];
    const uint64_t since_ns = slot.started_boottime_ns.load(std::memory_order_relaxed);
    // To wait long is what the waiter is for: it is to blame only when it says so itself.
    const bool is_it = dying == 0 ? i != kWaiter && since_ns < longest_since_ns : dying == i + 1;
    if (slot.id.load(std::memory_order_acquire) == 0 || !is_it) continue;
    longest_since_ns = since_ns;
    fault = {.operation = slot.operation.load(std::memory_order_relaxed),
             .device = slot.device.load(std::memory_order_relaxed)};
  }
  return fault;
}

void HostProcess::kill(std::function<void()> on_gone) {
  listener_ = nullptr;
  channel_.reset();
  on_gone_ = std::move(on_gone);
  if (!alive_) {
    if (on_gone_) std::exchange(on_gone_, nullptr)();
    return;
  }
  // Its group, if it has come so far as to have one, and itself.
  ::kill(-pid_, SIGKILL);
  child_->kill(SIGKILL);
}

uint64_t HostProcess::cpu_ns() const {
  clockid_t clock;
  timespec used{};
  if (!alive_ || ::clock_getcpuclockid(pid_, &clock) != 0) return 0;
  if (::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(used.tv_nsec);
}

uint64_t HostProcess::rss_bytes() const {
  if (!alive_) return 0;
  const auto text = read_file("/proc/" + std::to_string(pid_) + "/statm", 4096);
  unsigned long long size = 0;
  unsigned long long resident = 0;
  if (!text || std::sscanf(text->c_str(), "%llu %llu", &size, &resident) != 2) return 0;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace farmhand
