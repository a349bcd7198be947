// SPDX-License-Identifier: Apache-2.0
// The series of one device, each with the way to read it:
//
//   table.add({"power", FH_METRIC_GAUGE, FH_UNIT_WATT, "", "", "Drawn by the card.",
//              [path] { return farmhand::read_number(path, 1e-6); }});
//   void metrics(Call& call) { look(); table.declare(call); }
//   void sample(Call& call, std::span<const uint32_t> ids) { table.sample(call, ids); }
//
// Used by one call at a time, as the host promises for a device. A series keeps its number over
// clear(), so that it is the same one when its device or sensor comes back.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "farmhand/reading.hh"

namespace farmhand {

struct Series {
  std::string name;
  int32_t kind, unit;
  std::string label, label_value, help;
  std::function<Reading()> read;
  uint32_t interval_ms = 0;
  uint32_t id = 0;  // given by the table
};

class SeriesTable {
 public:
  void clear() { series_.clear(); }
  bool empty() const { return series_.empty(); }

  // Of two series with the same name and label the first counts.
  void add(Series series) {
    const auto next = static_cast<uint32_t>(ids_.size());
    series.id = ids_.try_emplace(series.name + '\n' + series.label_value, next).first->second;
    for (const Series& other : series_) {
      if (other.id == series.id) return;
    }
    series_.push_back(std::move(series));
  }

  void declare(Call& call) const {
    for (const Series& each : series_) {
      fh_metric record = metric_record(each.id, each.name, each.kind, each.unit, each.help);
      record.label = str(each.label);
      record.label_value = str(each.label_value);
      record.interval_ms = each.interval_ms;
      call.emit(record);
    }
  }

  // Reads what is asked for and present, in the order of the table.
  void sample(Call& call, std::span<const uint32_t> ids) const {
    for (const Series& each : series_) {
      if (std::count(ids.begin(), ids.end(), each.id) == 0) continue;
      call.check();
      give(call, each.id, each.read());
    }
  }

 private:
  std::vector<Series> series_;
  std::map<std::string, uint32_t> ids_;  // by name and label value
};

}  // namespace farmhand
