// SPDX-License-Identifier: Apache-2.0
#include "health/evidence.hh"

#include "base/bytes.hh"

namespace farmhand {

namespace {

constexpr size_t kTextMax = 4096;

void append_text(std::string& out, std::string_view text) {
  text = text.substr(0, kTextMax);
  append_le(out, static_cast<uint16_t>(text.size()));
  out += text;
}

std::optional<std::string_view> take_text(std::string_view& in) {
  const auto size = take_le<uint16_t>(in);
  if (!size) return std::nullopt;
  return take_bytes(in, *size);
}

std::optional<Evidence> take_evidence(std::string_view& in) {
  const auto unit = take_le<uint8_t>(in);
  const auto flags = take_le<uint8_t>(in);
  const auto value = take_le<double>(in);
  const auto least = take_le<double>(in);
  const auto most = take_le<double>(in);
  if (!unit || !flags || !value || !least || !most) return std::nullopt;
  const auto name = take_text(in);
  const auto text = take_text(in);
  if (!name || !text) return std::nullopt;
  Evidence out;
  out.name = *name;
  out.text = *text;
  if (*unit <= static_cast<uint8_t>(Unit::kOperationPerSecond)) out.unit = static_cast<Unit>(*unit);
  out.value = *value;
  if ((*flags & 1) != 0) out.least = *least;
  if ((*flags & 2) != 0) out.most = *most;
  return out;
}

}  // namespace

std::string bytes_from_evidence(const std::vector<Evidence>& evidence) {
  std::string out;
  for (const Evidence& one : evidence) {
    append_le(out, static_cast<uint8_t>(one.unit));
    append_le(out, static_cast<uint8_t>((one.least ? 1 : 0) | (one.most ? 2 : 0)));
    append_le(out, one.value);
    append_le(out, one.least.value_or(0.0));
    append_le(out, one.most.value_or(0.0));
    append_text(out, one.name);
    append_text(out, one.text);
  }
  return out;
}

std::vector<Evidence> evidence_from_bytes(std::string_view bytes) {
  std::vector<Evidence> out;
  while (auto one = take_evidence(bytes)) out.push_back(*std::move(one));
  return out;
}

}  // namespace farmhand
