// SPDX-License-Identifier: Apache-2.0
// A coordinator's store in a temporary directory, and a node that writes correct segments for it.
#pragma once

#include <doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hh"
#include "base/digest.hh"
#include "coordinator/apply.hh"
#include "coordinator/judge.hh"
#include "outbox/segment.hh"
#include "temporary_directory.hh"
#include "wire/record.hh"

namespace farmhand::coordinator {

inline constexpr int64_t kNow = 1'700'000'000'000'000'000;

inline wire::Event event(const std::string& sentence, const std::string& device = "") {
  wire::Event e;
  e.uuid = Uuid::random();
  e.device_key = device;
  e.plugin = device.empty() ? "" : "sim";
  e.reason = "test.event";
  e.sentence = sentence;
  return e;
}

// What a node's outbox would send: it keeps sequence and chain.
struct NodeLane {
  wire::Epoch epoch{1, {1}};
  uint8_t lane = 1;
  uint64_t last = 0;
  wire::Chain chain{};

  wire::Segment records(const std::vector<wire::Record>& list) {
    std::vector<std::string> encoded;
    for (const wire::Record& record : list) encoded.push_back(wire::encode_record(record));
    return raw_records(encoded);
  }
  wire::Segment raw_records(const std::vector<std::string>& list) {
    wire::Segment s = next(list.size());
    for (const std::string& record : list) append_record(s.bytes, record);
    s.chain = chain = chain_after(chain, s.bytes);
    s.crc32c = crc32c(s.bytes);
    return s;
  }
  wire::Segment events(size_t count) {
    std::vector<wire::Record> list;
    for (size_t i = 0; i < count; ++i)
      list.push_back(event("number " + std::to_string(last + i + 1)));
    return records(list);
  }
  wire::Segment gap(size_t count, wire::GapReason reason) {
    wire::Segment s = next(count);
    s.kind = wire::SegmentKind::kGap;
    s.reason = reason;
    s.gap_count = count;
    s.gap_bytes = count * 100;
    chain[0] ^= 0xff;  // what it replaced is not known here
    s.chain = chain;
    return s;
  }

 private:
  wire::Segment next(size_t count) {
    wire::Segment s;
    s.epoch = epoch;
    s.lane = lane;
    s.from = last + 1;
    s.to = last += count;
    s.realtime_ns = kNow;
    return s;
  }
};

struct StoreFixture {
  TemporaryDirectory dir;
  std::unique_ptr<Store> store;
  Uuid uuid = Uuid::random();
  int64_t node = 0;

  StoreFixture() {
    open();
    node = enroll(uuid, "kt", {"rebellions"});
  }

  void open() {
    store.reset();
    auto opened = Store::open(dir.file("coordinator.db"));
    REQUIRE_MESSAGE(opened.ok(), opened.error().message);
    store = std::move(*opened);
  }

  int64_t enroll(const Uuid& id, const std::string& cloud,
                 const std::vector<std::string>& vendors) {
    REQUIRE(store->nodes.enroll(
        {id, "host-" + cloud, "0.1", cloud, vendors, hash_of(id.text()), kNow}));
    return (*store->nodes.find(id))->id;
  }

  Applied put(std::vector<wire::Segment> segments, int64_t as = 0) {
    wire::Segments batch{segments.at(0).lane, std::move(segments)};
    auto applied = apply(*store, as == 0 ? node : as, batch, kNow);
    REQUIRE_MESSAGE(applied.ok(), applied.error().message);
    return std::move(*applied);
  }

  FarmReport report() {
    auto report = check_farm(*store);
    REQUIRE(report.ok());
    return std::move(*report);
  }
  uint64_t events_of_node() {
    auto events = store->fleet.last_events({Role::kViewer, ""});
    REQUIRE(events.ok());
    uint64_t total = 0;
    for (const HealthRow& row : *events) total += static_cast<uint64_t>(row.total);
    return total;
  }
};

}  // namespace farmhand::coordinator
