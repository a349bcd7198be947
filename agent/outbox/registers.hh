// SPDX-License-Identifier: Apache-2.0
// What the file says about itself beside its segments: how far each lane is, which epochs and boots
// it has seen, how it ended. Lanes, epochs and boots are kept in memory and written through.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "outbox/place.hh"
#include "outbox/segment.hh"
#include "store/statement.hh"

namespace farmhand {

struct LaneState {
  uint64_t last_seq = 0;  // of the current epoch
  Chain last_chain{};
  Place applied;
  Chain applied_chain{};
  Place floor;  // everything up to here is deleted
  Chain floor_chain{};
  Place thinned;                            // everything up to here is thinned
  uint64_t bytes = 0;                       // disk cost of all rows
  uint64_t tail_bytes = 0;                  // of the applied ones
  uint64_t depth = 0;                       // sequence numbers not applied
  uint64_t gap_records = 0, gap_bytes = 0;  // dropped since the file began
  bool operator==(const LaneState&) const = default;
};

// What became of records that nobody will see, for people to look at.
struct Tally {
  using ByReason = std::array<uint64_t, kGapReasonCount>;
  std::array<ByReason, kLaneCount> dropped{};  // records that gaps stand for, since the file began
  uint64_t interruptions = 0;                  // times that relaxed records may have been lost
  bool operator==(const Tally&) const = default;
};

struct EpochEnd {
  uint64_t seq = 0;
  Chain chain{};
};

class Registers {
 public:
  Registers() = default;  // of no file
  // `unsealed`: rows without a checksum are as good as others.
  static Result<Registers> load(sqlite::Database& db, bool unsealed = false);
  // Gives the rows of the bare schema, or of version 1, their checksums and copies. Within a
  // transaction.
  static Result<void> seal(sqlite::Database& db);
  // Of a damaged file: what cannot be read is taken from copies, or stays empty. `lanes_known` says
  // which lanes are as they were; of the others only an earlier applied place is known.
  using LanesKnown = std::array<bool, kLaneCount>;
  static Registers load_readable(sqlite::Database& db, LanesKnown& lanes_known);

  std::array<LaneState, kLaneCount> lanes;
  LaneState& lane(Lane lane) { return lanes[index_of(lane)]; }
  Result<void> save_lanes();  // those that changed since they were saved, and the tally
  bool lanes_saved() const { return lanes == saved_; }

  Tally tally;
  // Accounts for `records` of `lane` that became a gap, or part of one, which ends at `end`.
  void note_gap(Lane lane, Place end, GapReason reason, uint64_t records, uint64_t bytes);
  // The highest number of the current epoch that a gap has taken since the file was opened; 0:
  // none.
  uint64_t gap_end(Lane lane) const { return gap_ends_[index_of(lane)]; }

  struct KnownEpoch {
    uint32_t id;
    Epoch epoch;
  };
  const std::vector<KnownEpoch>& epochs() const { return epochs_; }  // oldest first
  uint32_t current() const { return epochs_.empty() ? 0 : epochs_.back().id; }
  const Epoch* find_epoch(uint32_t id) const;
  std::optional<uint32_t> find_id(const Epoch& epoch) const;
  Result<void> add_epoch(uint32_t id, const Epoch& epoch);

  Result<void> put_end(uint32_t epoch, Lane lane, const EpochEnd& end);
  // Of the current epoch too; nothing for one that never was.
  Result<std::optional<EpochEnd>> find_end(uint32_t epoch, Lane lane);

  Result<uint32_t> boot_number(const std::array<uint8_t, 16>& boot_id);  // new ones are written
  std::array<uint8_t, 16> boot_id(uint32_t number) const;

  // Lanes whose rows after the given place are on their way to the current epoch.
  Result<std::vector<std::pair<Lane, Place>>> moves();
  Result<void> put_move(Lane lane, Place after);
  Result<void> erase_move(Lane lane);

  Result<std::string> meta(std::string_view key);
  Result<void> set_meta(std::string_view key, std::string_view value);
  Result<void> set_meta(std::string_view key, int64_t value);

 private:
  explicit Registers(sqlite::Database& db) : db_(&db) {}
  Result<void> load_lanes();
  Result<void> load_tally();
  Result<void> load_epochs();
  Result<void> load_boots();
  Result<void> load_copies();
  Result<void> put_copy(const std::string& key, const std::string& copy);

  sqlite::Database* db_ = nullptr;
  sqlite::Statement save_lane_;
  std::array<LaneState, kLaneCount> saved_;
  LanesKnown lanes_sound_{};
  bool unsealed_ = false;
  bool lenient_ = false;  // of a damaged file
  std::map<std::pair<uint32_t, Lane>, EpochEnd> end_copies_;
  std::array<std::pair<Place, Chain>, kLaneCount> applied_once_{};
  Tally saved_tally_;
  std::array<uint64_t, kLaneCount> gap_ends_{};
  std::vector<KnownEpoch> epochs_;
  std::vector<std::pair<uint32_t, std::array<uint8_t, 16>>> boots_;
};

}  // namespace farmhand
