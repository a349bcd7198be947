// SPDX-License-Identifier: Apache-2.0
// /proc/meminfo.
#include "file.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// clang-format off
constexpr Quantity kQuantities[] = {
    {"memory.total", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "Main memory there is."},
    {"memory.available", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "What programs can still get without swapping."},
    {"memory.used", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "Total less available."},
    {"swap.total", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "Swap space there is."},
    {"swap.used", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "Swap space in use."},
};
// clang-format on

// A line of the file and what it says.
struct Entry {
  std::string_view key;
  int32_t status = FH_SAMPLE_NOT_SUPPORTED;
  double bytes = 0;
};

class Memory : public Source {
 public:
  explicit Memory(const Roots& roots) : meminfo_(roots.proc + "/meminfo") {}

  void declare() override {
    for (const Quantity& quantity : kQuantities) add(quantity);
  }

  void read() override {
    const Content meminfo = meminfo_.read();
    if (meminfo.status != FH_SAMPLE_OK) return set_all(meminfo.status);
    if (meminfo.text.find(':') == std::string_view::npos) return set_all(FH_SAMPLE_ERROR);
    Entry total{"MemTotal:"}, available{"MemAvailable:"};
    Entry swap_total{"SwapTotal:"}, swap_free{"SwapFree:"};
    Entry* const entries[] = {&total, &available, &swap_total, &swap_free};
    std::string_view text = meminfo.text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const std::string_view key = take_word(&line);
      for (Entry* entry : entries) {
        if (entry->key == key) read_entry(line, entry);
      }
    }
    put(total, &slot(0));
    put(available, &slot(1));
    put_difference(total, available, &slot(2));
    put(swap_total, &slot(3));
    put_difference(swap_total, swap_free, &slot(4));
  }

 private:
  static void read_entry(std::string_view line, Entry* entry) {
    const std::optional<double> number = number_from(take_word(&line));
    const bool good = number && *number >= 0 && take_word(&line) == "kB";
    entry->status = good ? FH_SAMPLE_OK : FH_SAMPLE_ERROR;
    entry->bytes = good ? *number * 1024 : 0;
  }

  static void put(const Entry& entry, Slot* slot) {
    slot->status = entry.status;
    slot->value = entry.bytes;
  }

  static void put_difference(const Entry& whole, const Entry& part, Slot* slot) {
    slot->status = whole.status != FH_SAMPLE_OK ? whole.status : part.status;
    slot->value = whole.bytes - part.bytes;
    if (slot->value < 0) slot->status = FH_SAMPLE_ERROR;
  }

  File meminfo_;
};

}  // namespace

std::unique_ptr<Source> memory_source(const Roots& roots) {
  return std::make_unique<Memory>(roots);
}

}  // namespace farmhand::node
