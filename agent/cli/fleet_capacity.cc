// SPDX-License-Identifier: Apache-2.0
// farmhand fleet capacity: what was bought and what can be used of it, against the target. Figures
// of different dtypes are never added: they are not the same operations.
#include <algorithm>
#include <set>

#include "cli/draw.hh"
#include "cli/fleet.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

std::string petaflops(const Document& row, std::string_view name) {
  const auto tera = number(row, name);
  return tera ? fixed(*tera / 1000, 3) : kDash;
}

std::string percent(std::optional<double> tera, double target) {
  return tera && target > 0 ? fixed(*tera / 10 / target, 1) + " %" : kDash;
}

// Numbers the sources in the order they are met, and says the numbers of a row in theirs.
class Footnotes {
 public:
  std::string marks(const Document& row) {
    std::set<size_t> numbers;
    for (const Document& source : member(row, "sources")) {
      if (source.is_string()) numbers.insert(number_of(source.get<std::string>()));
    }
    std::string out;
    for (const size_t number : numbers) out += (out.empty() ? "" : ",") + std::to_string(number);
    return out.empty() ? kDash : out;
  }

  std::string drawn(const Terminal& terminal) const {
    std::string out;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const std::string line = "[" + std::to_string(i + 1) + "] " + harmless(sources_[i]);
      out += terminal.painted(line, Tone::kDim) + "\n";
    }
    return out.empty() ? "" : "\n" + out;
  }

 private:
  size_t number_of(const std::string& name) {
    const auto at = static_cast<size_t>(std::ranges::find(sources_, name) - sources_.begin());
    if (at == sources_.size()) sources_.push_back(name);
    return at + 1;
  }

  std::vector<std::string> sources_;
};

std::string devices_of(const Document& row) {
  return count(number(row, "available_devices")) + "/" + count(number(row, "devices"));
}

std::vector<Cell> row_of(const Document& row, const std::string& partition, double target,
                         Footnotes& notes) {
  const auto installed = number(row, "installed_tera_ops");
  const auto available = number(row, "available_tera_ops");
  const bool short_of = available.value_or(0) < installed.value_or(0);
  return {partition,
          text_or_dash(row, "vendor"),
          text_or_dash(row, "dtype"),
          devices_of(row),
          petaflops(row, "installed_tera_ops"),
          Cell(petaflops(row, "available_tera_ops"), short_of ? Tone::kWarn : Tone::kPlain),
          percent(installed, target),
          percent(available, target),
          notes.marks(row)};
}

std::string unknown_lines(const Document& document, const Terminal& terminal) {
  std::string out;
  for (const Document& device : member(document, "unknown")) {
    const std::string line = "no peak figure: " + node_of(device) + " " + text(device, "device") +
                             " (" + text(device, "vendor") + " " + text(device, "model") +
                             "), not counted";
    out += terminal.painted(harmless(line), Tone::kWarn) + "\n";
  }
  return out.empty() ? "" : "\n" + out;
}

std::string drawn(const Document& document, const Terminal& terminal) {
  const double target = number(document, "target_petaflops").value_or(0);
  Footnotes notes;
  Table table({{.title = "PARTITION"},
               {.title = "VENDOR", .spare = 2},
               {.title = "DTYPE"},
               {.title = "DEVICES", .align = kRight},
               {.title = "INSTALLED PF", .align = kRight},
               {.title = "AVAILABLE PF", .align = kRight},
               {.title = "INST/TARGET", .align = kRight, .spare = 3},
               {.title = "AVAIL/TARGET", .align = kRight},
               {.title = "SOURCE", .align = kRight, .spare = 1}});
  for (const Document& row : member(document, "partitions")) {
    table.add(row_of(row, text_or_dash(row, "partition"), target, notes));
  }
  for (const Document& row : member(document, "totals")) {
    auto cells = row_of(row, "all", target, notes);
    for (Cell& cell : cells) cell.tone = cell.tone == Tone::kPlain ? Tone::kBold : cell.tone;
    table.add(std::move(cells));
  }
  const std::string head = "target " + fixed(target, 0) + " PF per dtype; " +
                           count(number(document, "available_devices")) + " of " +
                           count(number(document, "devices")) + " devices available\n";
  if (table.empty()) return head + unknown_lines(document, terminal);
  return head + "\n" + table.drawn(terminal) + unknown_lines(document, terminal) +
         notes.drawn(terminal);
}

}  // namespace

void declare_fleet_capacity(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where) {
  fleet.add_subcommand("capacity", "Installed and available PF against the target")
      ->callback([&context, where] {
        context.chosen = [&context, where] {
          return show_from(context, *where, "/v1/fleet/capacity", {}, drawn);
        };
      });
}

}  // namespace farmhand::cli
