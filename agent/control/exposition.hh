// SPDX-License-Identifier: Apache-2.0
// Writes one metrics page in either of the two formats that Prometheus asks for: the text format
// 0.0.4 and OpenMetrics 1.0. They differ in how a counter's family is named (`x_total` and `x`), in
// info metrics, in UNIT lines and in the end mark.
#pragma once

#include <string>
#include <string_view>

namespace farmhand {

enum class MetricsFormat : uint8_t { kText, kOpenMetrics };

enum class FamilyType : uint8_t { kGauge, kCounter, kInfo };

struct FamilyHead {
  std::string_view name;  // without `_total` or `_info`, with its unit: `farmhand_queue_bytes`
  std::string_view unit;  // the last word of the name, `bytes`; empty: none
  std::string_view help;
  FamilyType type = FamilyType::kGauge;
};

class Exposition {
 public:
  // Appends to `out`, which keeps its capacity from page to page.
  Exposition(MetricsFormat format, std::string& out) : format_(format), out_(out) {}

  // Begins a family. Its samples follow until the next `family`; a family is begun once per page.
  void family(const FamilyHead& head);

  // One sample: `sample().label("device", key).value(1.5)`. An empty label value is left out, a
  // number that is not finite writes no sample at all.
  Exposition& sample();
  Exposition& label(std::string_view name, std::string_view value);
  void value(double number);

  void end();  // of the page

 private:
  void comment(std::string_view word, std::string_view name, std::string_view text);

  MetricsFormat format_;
  std::string& out_;
  std::string name_;         // of the samples of the family now written
  size_t sample_start_ = 0;  // where the sample now written begins
  bool labelled_ = false;
};

// What to answer a scrape with this Accept header.
MetricsFormat metrics_format_for(std::string_view accept);
std::string_view content_type_of(MetricsFormat format);

// A metric or label name out of any text: what is not a letter, a digit or `_` becomes `_`.
std::string exposition_name(std::string_view text);

}  // namespace farmhand
