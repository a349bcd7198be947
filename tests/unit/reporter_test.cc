// SPDX-License-Identifier: Apache-2.0
// What the node reports besides samples, with a real queue. Each test ends by destroying its Loop.
#include "reporter.hh"

#include "outbox_fixture.hh"
#include "store/thread.hh"

using namespace farmhand;

namespace {

struct Node {
  TemporaryDirectory dir;
  MemoryEpochStore epochs;
  Loop loop;
  SystemClock clock;
  StoreThread store{loop};
  std::optional<Outbox> outbox;
  Inventory inventory{clock};
  std::optional<Reporter> reporter;

  Node() {
    outbox.emplace(loop, clock, store,
                   Outbox::Options{dir.file("queue.db"), 64 << 20, &epochs, plain_encoders(), ""});
    reporter.emplace(
        loop, clock, *outbox, inventory, [] { return std::vector<PluginStatus>(); }, "node");
    outbox->on_change(
        [this](const OutboxStats&, const OutboxStats& now) { reporter->on_queue_change(now); });
  }
  ~Node() {
    reporter.reset();
    outbox.reset();
  }

  uint64_t last_inventory() const {
    return outbox->stats().lanes[index_of(Lane::kInventory)].last_seq;
  }

  uint64_t report() {
    uint64_t stored = 0;
    reporter->report_inventory([&](Result<uint64_t> seq) { stored = *seq; });
    while (stored == 0) loop.run_once();
    return stored;
  }

  // The coordinator refuses record `seq` until it is a gap.
  void poison(uint64_t seq) {
    bool poisoned = false;
    for (int i = 0; i < kNacksToPoison; ++i) {
      outbox->read_after(Lane::kInventory, std::nullopt, 1 << 20, [](const auto&) {});
      outbox->nack(Lane::kInventory, seq, "undecodable",
                   [&](Result<bool> done) { poisoned = done && *done; });
    }
    while (!poisoned) loop.run_once();
  }
};

}  // namespace

TEST_CASE("an inventory that fell to a gap is reported again") {
  Node node;
  const uint64_t stored = node.report();
  node.poison(stored);
  for (int i = 0; i < 100 && node.last_inventory() == stored; ++i) node.loop.run_for_ms(20);
  CHECK(node.last_inventory() == stored + 1);
  node.loop.run_for_ms(200);
  CHECK(node.last_inventory() == stored + 1);  // once
}

TEST_CASE("an older inventory that fell to a gap is nothing to talk about") {
  Node node;
  const uint64_t older = node.report();
  const uint64_t newer = node.report();
  node.poison(older);
  node.loop.run_for_ms(200);
  CHECK(node.last_inventory() == newer);
}

TEST_CASE("an event of one's own is refused at once while nothing can be stored") {
  Node node;
  std::optional<Result<uint64_t>> answer;
  node.reporter->add_event({}, [&](Result<uint64_t> seq) { answer = std::move(seq); });
  REQUIRE(answer);  // the file is not open yet: nobody waits for it
  CHECK(answer->error().code == Errc::kNoSpace);
  node.report();
  answer.reset();
  node.reporter->add_event({}, [&](Result<uint64_t> seq) { answer = std::move(seq); });
  CHECK_FALSE(answer);
  while (!answer) node.loop.run_once();
  CHECK(answer->ok());
}

TEST_CASE("an inventory that a full disk dropped is reported once, when there is room again") {
  Node node;
  const uint64_t stored = node.report();
  OutboxStats full = node.outbox->stats();
  full.disk_full = true;
  full.lanes[index_of(Lane::kInventory)].gap_end = stored;
  node.reporter->on_queue_change(full);
  node.loop.run_for_ms(200);
  CHECK(node.last_inventory() == stored);
  full.disk_full = false;
  node.reporter->on_queue_change(full);
  for (int i = 0; i < 100 && node.last_inventory() == stored; ++i) node.loop.run_for_ms(20);
  CHECK(node.last_inventory() == stored + 1);
}

TEST_CASE("an event travels with all it rests on") {
  PluginEvent event;
  event.severity = 3;
  event.vendor_code = 79;
  event.reason = "link.fatal";
  event.sentence = "it fell off the bus";
  event.evidence.push_back(
      {.name = "pci", .unit = Unit::kNone, .least = {}, .most = {}, .text = "0000:03:00.0"});
  event.evidence.push_back(
      {.name = "power", .unit = Unit::kWatt, .value = 81.5, .least = {}, .most = {}, .text = {}});
  const wire::Event sent = wire_event_from(event, "host", "");
  CHECK(sent.device_key.empty());
  CHECK(sent.severity == wire::Severity::kError);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"vendor_code", "79"}, {"pci", "0000:03:00.0"}, {"power", "81.5 W"}};
  CHECK(sent.attributes == expected);
}
