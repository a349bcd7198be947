// SPDX-License-Identifier: Apache-2.0
#include "model.hh"

#include <algorithm>

#include "outbox/outbox.hh"
#include "wire/record.hh"

namespace farmhand::simulation {
namespace {

// What the outbox writes of its own accord.
bool is_own(const std::string& bytes, bool& interruption) {
  const auto record = wire::decode_record(bytes);
  interruption = record && std::holds_alternative<wire::Interruption>(*record);
  return interruption || (record && std::holds_alternative<wire::EpochStart>(*record));
}

}  // namespace

Model::Id Model::hand_in(Lane lane, const std::string& record, bool relaxed, uint64_t now_ns) {
  const Id id = entries_.size();
  Entry entry;
  entry.lane = lane;
  entry.record = record;
  entry.relaxed = relaxed;
  entry.handed_ns = now_ns;
  entries_.push_back(std::move(entry));
  by_record_[record] = id;
  return id;
}

void Model::accepted_at(Id id, const Epoch& epoch, uint64_t seq) {
  accepted(id);
  entries_[id].epoch = epoch;
  entries_[id].seq = seq;
}

void Model::crashed(uint64_t now_ns) {
  ++crashes_;
  for (Entry& entry : entries_)
    if (entry.fate == Fate::kAccepted && entry.relaxed &&
        entry.handed_ns + kRelaxedRiskMs * 1'000'000 >= now_ns)
      entry.fate = Fate::kUncertain;
}

void Model::stopped() {
  for (Entry& entry : entries_)
    if (entry.fate == Fate::kPending) entry.fate = Fate::kUncertain;
}

Model::Id Model::safe_on_disk(uint64_t now_ns) const {
  for (Id id = 0; id < entries_.size(); ++id) {
    const Entry& entry = entries_[id];
    if (entry.fate == Fate::kPending) return id;
    if (entry.relaxed && entry.handed_ns + kRelaxedRiskMs * 1'000'000 >= now_ns) return id;
  }
  return entries_.size();
}

void Model::disk_went_back(Id safe) {
  went_back_ = true;
  for (Id id = safe; id < entries_.size(); ++id)
    if (entries_[id].fate == Fate::kAccepted) entries_[id].fate = Fate::kUncertain;
}

size_t Model::count_accepted() const {
  return static_cast<size_t>(std::count_if(
      entries_.begin(), entries_.end(), [](const Entry& e) { return e.fate == Fate::kAccepted; }));
}

// One lane from its beginning to its end: two fingers, one in the producer's log and one in what
// was delivered.
class Model::LaneCheck {
 public:
  LaneCheck(const Model& model, const Model* other, Lane lane, std::vector<std::string>& findings)
      : model_(model), other_(other), findings_(findings), lane_(lane) {
    for (Id id = 0; id < model.entries_.size(); ++id)
      if (model.entries_[id].lane == lane) log_.push_back(id);
  }

  void run(const std::vector<Delivered>& delivered) {
    for (const Delivered& d : delivered) {
      if (d.gap)
        on_gap(d);
      else
        on_record(d);
    }
    skip_to(log_.size(), "the end");
    if (lost_relaxed_ > 0 && interruptions_ == 0)
      find(std::to_string(lost_relaxed_) + " relaxed records are gone and nothing says so");
    for (const Id id : log_) check_place(id);
  }

 private:
  void find(const std::string& what) {
    findings_.push_back("lane " + std::string(name_of(lane_)) + ": " + what);
  }

  void on_gap(const Delivered& d) {
    gap_ += d.to - d.from + 1;
    if (!model_.allowed_.contains(d.reason))
      find("a gap " + std::to_string(d.from) + ".." + std::to_string(d.to) + " for '" +
           std::string(name_of(d.reason)) + "', which nothing explains");
    const bool protected_lane = lane_ == Lane::kResults || lane_ == Lane::kHealth;
    if (protected_lane && (d.reason == GapReason::kQuota || d.reason == GapReason::kDownsample))
      find("something was dropped for quota");
    places_.push_back(&d);
  }

  void on_record(const Delivered& d) {
    places_.push_back(&d);
    bool interruption = false;
    const auto at = model_.by_record_.find(d.record);
    if (at == model_.by_record_.end()) {
      const bool of_other = other_ != nullptr && other_->by_record_.contains(d.record);
      if (!of_other && !is_own(d.record, interruption))
        find("a record nobody handed in, at " + number(d.from));
      interruptions_ += interruption ? 1 : 0;
      return;
    }
    const Id id = at->second;
    const Entry& entry = model_.entries_[id];
    const std::string name = "record " + std::to_string(id);
    if (entry.lane != lane_) return find(name + " is of another lane");
    if (entry.poison) find(name + " cannot be read and is no gap");
    if (entry.fate == Fate::kRefused) find(name + " was refused and is there");
    if (!seen_.insert(id).second) {
      if (!model_.went_back_) find(name + " is there twice");
      return;
    }
    const auto place = std::lower_bound(log_.begin(), log_.end(), id) - log_.begin();
    if (static_cast<size_t>(place) < next_) return find(name + " is out of order");
    skip_to(static_cast<size_t>(place), name);
    next_ = static_cast<size_t>(place) + 1;
  }

  // All between was not delivered: gaps must stand for it, no more and no less.
  void skip_to(size_t place, const std::string& before) {
    uint64_t missing = 0, perhaps = 0;
    for (; next_ < place; ++next_) {
      const Entry& entry = model_.entries_[log_[next_]];
      missing += entry.fate == Fate::kAccepted ? 1 : 0;
      perhaps += entry.fate == Fate::kPending || entry.fate == Fate::kUncertain ? 1 : 0;
      lost_relaxed_ += entry.fate == Fate::kUncertain && entry.relaxed ? 1 : 0;
    }
    if (missing > gap_)
      find(std::to_string(missing) + " accepted records are missing before " + before +
           ", and gaps stand for " + std::to_string(gap_));
    // The outbox's own records can fall into a gap as well: one for each start, at most two.
    if (gap_ > missing + perhaps + 2 * (model_.crashes_ + 1) && !model_.went_back_)
      find("gaps stand for " + std::to_string(gap_) + " records before " + before + ", and only " +
           std::to_string(missing + perhaps) + " are missing");
    gap_ = 0;
  }

  // Where the outbox said that it put the record there is that record, or a gap.
  void check_place(Id id) {
    const Entry& entry = model_.entries_[id];
    if (entry.seq == 0 || model_.went_back_ || entry.fate != Fate::kAccepted) return;
    const auto at = std::partition_point(places_.begin(), places_.end(), [&](const Delivered* d) {
      return d->epoch.counter != entry.epoch.counter ? d->epoch.counter < entry.epoch.counter
                                                     : d->to < entry.seq;
    });
    const bool covered = at != places_.end() && (*at)->epoch == entry.epoch &&
                         (*at)->from <= entry.seq && ((*at)->gap || (*at)->record == entry.record);
    if (!covered) return find("record " + std::to_string(id) + " is not at " + number(entry.seq));
    if (!entry.poison && (*at)->gap && (*at)->reason == GapReason::kPoison)
      find("record " + std::to_string(id) + " was good and is taken for poison");
  }

  static std::string number(uint64_t seq) { return "number " + std::to_string(seq); }

  const Model& model_;
  const Model* other_;
  std::vector<std::string>& findings_;
  Lane lane_;
  std::vector<Id> log_;
  size_t next_ = 0;   // in the log: all before it is accounted for
  uint64_t gap_ = 0;  // numbers in gaps since the last record
  uint64_t lost_relaxed_ = 0, interruptions_ = 0;
  std::set<Id> seen_;
  std::vector<const Delivered*> places_;
};

std::vector<std::string> Model::differences(const DeliveredLanes& delivered,
                                            const Model* other) const {
  std::vector<std::string> findings;
  for (const Lane lane : kLanes)
    LaneCheck(*this, other, lane, findings).run(delivered[index_of(lane)]);
  return findings;
}

}  // namespace farmhand::simulation
