// SPDX-License-Identifier: Apache-2.0
#include "coordinator/sessions.hh"

#include "base/log.hh"

namespace farmhand::coordinator {
namespace {

// When ten thousand nodes come back at once, most of them have to wait where their data is safe.
constexpr size_t kWaitingBytesMax = 256 << 20;

}  // namespace

void Sessions::open(const net::Request& request, net::WsPeer peer) {
  const uint64_t id = ++last_id_;
  sessions_[id] =
      std::make_unique<Session>(loop_, clock_, ask_, *this, id, limits_, request, std::move(peer));
}

Session* Sessions::find(int64_t node) {
  const auto id = by_node_.find(node);
  if (id == by_node_.end()) return nullptr;
  const auto session = sessions_.find(id->second);
  return session == sessions_.end() ? nullptr : session->second.get();
}

void Sessions::claim(int64_t node, Session& session) {
  by_node_[node] = session.id();
}

void Sessions::leave(const Session& session) {
  const auto id = by_node_.find(session.node());
  if (id == by_node_.end() || id->second != session.id()) return;
  by_node_.erase(id);
  ask_([node = session.node(),
        now = clock_.realtime_ns()](Store& store) { return store.nodes.set_last_seen(node, now); },
       [](Result<void>) {});
}

void Sessions::drop(uint64_t id, const std::string& why) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  if (at->second->live()) log::info("session ended", {{"why", why}});
  leave(*at->second);
  dropped_.push_back(std::move(at->second));
  sessions_.erase(at);
  reaper_.once(0, [this] { dropped_.clear(); });
}

void Sessions::ban(int64_t node, const std::string& boot_id) {
  ask_([node, boot_id](Store& store) { return store.nodes.ban_boot(node, boot_id); },
       [](Result<void>) {});
}

void Sessions::drop_node(int64_t node, const std::string& why) {
  if (Session* session = find(node)) session->refuse("not_enrolled", why);
}

bool Sessions::take_room(size_t bytes) {
  if (waiting_bytes_ + bytes > kWaitingBytesMax) return false;
  waiting_bytes_ += bytes;
  return true;
}

void Sessions::push(const CommandRow& command) {
  if (Session* session = find(command.node_id)) session->push(command);
}

LiveNodes Sessions::live_nodes() const {
  LiveNodes live;
  for (const auto& [node, id] : by_node_) live.insert(node);
  return live;
}

}  // namespace farmhand::coordinator
