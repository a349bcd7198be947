// SPDX-License-Identifier: Apache-2.0
// The coordinator's side of a batch whose frame is right and whose records are anything. Each batch
// is applied or a record of it is refused; the store never fails of it, for that would block a
// lane.
#include <filesystem>

#include "base/digest.hh"
#include "coordinator/apply.hh"
#include "coordinator/judge.hh"
#include "fuzz.hh"
#include "outbox/segment.hh"
#include "samples.hh"

namespace farmhand::fuzz {
namespace {

// A store in a directory of its own, and where the lanes of its one node stand.
struct Target {
  std::string directory;
  std::unique_ptr<coordinator::Store> store;
  int64_t node = 0;
  std::array<wire::Watermark, wire::kLaneCount> ends;
  uint64_t batches = 0;

  Target() {
    char name[] = "/tmp/farmhand-fuzz.XXXXXX";
    directory = ::mkdtemp(name);
    auto opened = coordinator::Store::open(directory + "/coordinator.db");
    require(opened.ok(), "a store opens");
    store = std::move(*opened);
    const Uuid uuid{{1}};
    require(store->nodes.enroll({uuid, "node", "0.1", "kt", {"furiosa"}, "hash", 1}).ok(),
            "a node enrolls");
    node = (*store->nodes.find(uuid))->id;
    for (uint8_t lane = 0; lane < wire::kLaneCount; ++lane) ends[lane] = {{7, {}}, lane, 0, {}};
  }
  ~Target() {
    store.reset();
    std::filesystem::remove_all(directory);
  }

  void put(uint8_t lane, std::string_view record) {
    wire::Watermark& end = ends[lane];
    wire::Segment segment;
    segment.epoch = end.epoch;
    segment.lane = lane;
    segment.from = segment.to = end.seq + 1;
    append_record(segment.bytes, record);
    segment.chain = coordinator::chain_after(end.chain, segment.bytes);
    segment.crc32c = crc32c(segment.bytes);
    wire::Segments batch{lane, {segment}};
    const auto applied = coordinator::apply(*store, node, batch, 1'700'000'000'000'000'000);
    require(applied.ok(), "no record makes the store fail");
    require(applied->refusal.empty(), "a batch in its place is not refused");
    if (!applied->nack) end = applied->watermark;
    if (++batches % 256 == 0) require(coordinator::check_farm(*store)->ok(), "the ledger is whole");
  }
};

}  // namespace

Seeds seeds() {
  Seeds all;
  for (const auto& record : sample_records())
    for (char lane = 0; lane < wire::kLaneCount; ++lane)
      all.push_back(lane + wire::encode_record(record));
  return all;
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  static fuzz::Target target;
  if (size < 2) return 0;
  target.put(data[0] % wire::kLaneCount, {reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
