// SPDX-License-Identifier: Apache-2.0
#include "control/exposition.hh"

#include <charconv>
#include <cmath>

namespace farmhand {

namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Help texts and label values: a backslash, a line end and, in values, a quote are escaped. A quote
// may be escaped in OpenMetrics help and must not be in the text format; it may stand bare in both.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\\' || (quoted && c == '"')) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace

void Exposition::comment(std::string_view word, std::string_view name, std::string_view text) {
  out_.append("# ").append(word).append(" ").append(name).append(" ");
  append_escaped(out_, text, false);
  out_ += '\n';
}

void Exposition::family(const FamilyHead& head) {
  name_ = head.name;
  if (head.type == FamilyType::kCounter) name_ += "_total";
  if (head.type == FamilyType::kInfo) name_ += "_info";
  const bool open = format_ == MetricsFormat::kOpenMetrics;
  const std::string_view shown = open ? head.name : std::string_view(name_);
  std::string_view type = head.type == FamilyType::kCounter ? "counter" : "gauge";
  if (open && head.type == FamilyType::kInfo) type = "info";
  comment("HELP", shown, head.help);
  comment("TYPE", shown, type);
  if (open && !head.unit.empty()) comment("UNIT", shown, head.unit);
}

Exposition& Exposition::sample() {
  sample_start_ = out_.size();
  out_ += name_;
  labelled_ = false;
  return *this;
}

Exposition& Exposition::label(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  out_ += labelled_ ? ',' : '{';
  labelled_ = true;
  out_.append(name).append("=\"");
  append_escaped(out_, value, true);
  out_ += '"';
  return *this;
}

void Exposition::value(double number) {
  if (!std::isfinite(number)) return out_.resize(sample_start_);
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  if (labelled_) out_ += '}';
  out_.append(" ").append(digits, end).append("\n");
}

void Exposition::end() {
  if (format_ == MetricsFormat::kOpenMetrics) out_ += "# EOF\n";
}

MetricsFormat metrics_format_for(std::string_view accept) {
  // Quality values are not weighed: who names OpenMetrics at all can read it.
  return accept.find("application/openmetrics-text") != std::string_view::npos
             ? MetricsFormat::kOpenMetrics
             : MetricsFormat::kText;
}

std::string_view content_type_of(MetricsFormat format) {
  return format == MetricsFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string exposition_name(std::string_view text) {
  std::string name;
  for (const char c : text) name += is_alpha(c) || (is_digit(c) && !name.empty()) ? c : '_';
  return name;
}

}  // namespace farmhand
