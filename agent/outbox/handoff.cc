// SPDX-License-Identifier: Apache-2.0
#include "outbox/handoff.hh"

#include <numeric>

namespace farmhand {

size_t Batch::size() const {
  return std::accumulate(bytes.begin(), bytes.end(), size_t{0});
}

Batch& Handoff::open_batch() {
  if (waiting_.empty() || waiting_.back()->size() >= kGroupBytes) {
    waiting_.push_back(std::make_shared<Batch>());
    waiting_.back()->serial = ++serial_;
  }
  return *waiting_.back();
}

void Handoff::count(Batch& batch, Lane lane, size_t bytes) {
  batch.bytes[index_of(lane)] += bytes;
  lane_bytes_[index_of(lane)] += bytes;
  bytes_ += bytes;
}

void Handoff::add(Lane lane, std::string record, Outbox::Done done) {
  Batch& batch = open_batch();
  count(batch, lane, record.size());
  batch.group.records[index_of(lane)].push_back(std::move(record));
  batch.dones[index_of(lane)].push_back(std::move(done));
}

void Handoff::add_keyed(Lane lane, const std::string& key, std::string record, Outbox::Done done) {
  const size_t i = index_of(lane);
  for (const auto& batch : waiting_) {
    const auto at = batch->keys[i].find(key);
    if (at == batch->keys[i].end()) continue;
    std::string& before = batch->group.records[i][at->second];
    count(*batch, lane, record.size() - before.size());  // modulo 2^64 where it shrinks
    before = std::move(record);
    Outbox::Done& both = batch->dones[i][at->second];
    if (both && done) {
      both = [first = std::move(both), second = std::move(done)](Result<uint64_t> seq) {
        first(seq);
        second(std::move(seq));
      };
    } else if (done) {
      both = std::move(done);
    }
    return;
  }
  Batch& batch = open_batch();
  batch.keys[i][key] = batch.group.records[i].size();
  add(lane, std::move(record), std::move(done));
}

void Handoff::add_relaxed(std::string record, uint64_t boottime_ns) {
  if (relaxed_.empty()) relaxed_first_ns_ = boottime_ns;
  relaxed_collected_ += record.size();
  relaxed_bytes_ += record.size();
  relaxed_.push_back(std::move(record));
}

void Handoff::seal_relaxed() {
  if (relaxed_.empty()) return;
  Batch& batch = open_batch();
  if (batch.relaxed_since_ns == 0) batch.relaxed_since_ns = relaxed_first_ns_;
  batch.relaxed_bytes += relaxed_collected_;
  const size_t lane = index_of(Lane::kTelemetry);
  for (auto& record : relaxed_) {
    count(batch, Lane::kTelemetry, record.size());
    batch.group.records[lane].push_back(std::move(record));
    batch.dones[lane].push_back(nullptr);
  }
  relaxed_.clear();
  relaxed_collected_ = 0;
}

std::shared_ptr<Batch> Handoff::take() {
  if (waiting_.empty()) return nullptr;
  auto batch = std::move(waiting_.front());
  waiting_.pop_front();
  taken_relaxed_since_ns_ = batch->relaxed_since_ns;
  ++taken_;
  return batch;
}

void Handoff::finished(const Batch& batch) {
  --taken_;
  taken_relaxed_since_ns_ = 0;
  relaxed_bytes_ -= batch.relaxed_bytes;
  bytes_ -= batch.size();
  for (size_t i = 0; i < lane_bytes_.size(); ++i) lane_bytes_[i] -= batch.bytes[i];
}

void Handoff::put_back(std::shared_ptr<Batch> batch) {
  --taken_;
  taken_relaxed_since_ns_ = 0;
  waiting_.push_front(std::move(batch));
}

void Handoff::give_up_low_lanes(Batch& batch, GivenUp& given_up) {
  for (const Lane lane : {Lane::kInventory, Lane::kLogs, Lane::kTelemetry}) {
    const size_t i = index_of(lane);
    for (auto& done : batch.dones[i]) {
      if (done) given_up.dones.push_back(std::move(done));
    }
    batch.dones[i].clear();
    batch.group.records[i].clear();
    batch.keys[i].clear();
    bytes_ -= batch.bytes[i];
    lane_bytes_[i] -= batch.bytes[i];
    batch.bytes[i] = 0;
  }
  given_up.relaxed = given_up.relaxed || batch.relaxed_bytes > 0;
  relaxed_bytes_ -= batch.relaxed_bytes;
  batch.relaxed_bytes = 0;
  batch.relaxed_since_ns = 0;
}

Handoff::GivenUp Handoff::give_up_low_lanes() {
  GivenUp given_up;
  for (const auto& batch : waiting_) give_up_low_lanes(*batch, given_up);
  std::erase_if(waiting_, [](const auto& batch) { return batch->size() == 0; });
  return given_up;
}

uint64_t Handoff::relaxed_since_ns() const {
  if (taken_relaxed_since_ns_ != 0) return taken_relaxed_since_ns_;
  for (const auto& batch : waiting_) {
    if (batch->relaxed_since_ns != 0) return batch->relaxed_since_ns;
  }
  return relaxed_.empty() ? 0 : relaxed_first_ns_;
}

}  // namespace farmhand
