// SPDX-License-Identifier: Apache-2.0
// What a vendor's tool or an operator's command prints, read strictly (RFC 8259): a document cut
// short, a key twice, a number that is none or anything behind the end is no document at all.
//
//   const farmhand::JsonDocument document = farmhand::json_from(output);
//   if (!document.ok()) fail(FH_E_INTERNAL, "%s: %s", tool, document.problem.c_str());
//   const farmhand::Json* power = document.value.find("power");
//   if (power != nullptr && power->is_number()) …
//
// Strict in types too: "39" is a text and no number. Bounded: 64 levels.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "farmhand/text.hh"

namespace farmhand {

class Json {
 public:
  enum class Kind { kNull, kBoolean, kNumber, kText, kArray, kObject };
  using Member = std::pair<std::string, Json>;

  Kind kind() const { return kind_; }
  bool is_boolean() const { return kind_ == Kind::kBoolean; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_text() const { return kind_ == Kind::kText; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // Of another kind each of these is empty: false, 0, "", no items, no members.
  bool boolean() const { return kind_ == Kind::kBoolean && number_ != 0; }
  double number() const { return kind_ == Kind::kNumber ? number_ : 0; }
  const std::string& text() const { return text_; }
  const std::vector<Json>& items() const { return items_; }
  const std::vector<Member>& members() const { return members_; }

  // The member of this name; null where there is none, or where this is no object.
  const Json* find(std::string_view name) const {
    for (const Member& each : members_) {
      if (each.first == name) return &each.second;
    }
    return nullptr;
  }

  // In words, for sentences: `a number`.
  const char* kind_name() const {
    constexpr const char* kNames[] = {"null",   "true or false", "a number",
                                      "a text", "an array",      "an object"};
    return kNames[static_cast<size_t>(kind_)];
  }

 private:
  friend class JsonReader;
  Kind kind_ = Kind::kNull;
  double number_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

struct JsonDocument {
  Json value;
  std::string problem;  // a sentence with the place; empty: it is whole

  bool ok() const { return problem.empty(); }
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  JsonDocument read() {
    JsonDocument document;
    read_value(&document.value, 0);
    skip_blanks();
    if (problem_.empty() && at_ < text_.size()) wrong("there is more behind the end");
    document.problem = std::move(problem_);
    return document;
  }

 private:
  static constexpr int kDepthMax = 64;

  // Gives false, so that a reader can end with it. The first problem counts.
  bool wrong(const char* what) {
    if (problem_.empty()) {
      problem_ = "no JSON at byte " + std::to_string(at_) + ": " +
                 (at_ >= text_.size() ? "it is cut short" : what);
    }
    return false;
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word, Json* into, Json::Kind kind, double number) {
    if (!text_.substr(at_).starts_with(word)) return wrong("an unknown word");
    at_ += word.size();
    into->kind_ = kind;
    into->number_ = number;
    return true;
  }

  bool read_value(Json* into, int depth) {
    skip_blanks();
    if (depth > kDepthMax) return wrong("it is nested too deeply");
    if (at_ >= text_.size()) return wrong("");
    switch (text_[at_]) {
      case '{':
        return read_object(into, depth);
      case '[':
        return read_array(into, depth);
      case '"':
        into->kind_ = Json::Kind::kText;
        return read_text(&into->text_);
      case 't':
        return take_word("true", into, Json::Kind::kBoolean, 1);
      case 'f':
        return take_word("false", into, Json::Kind::kBoolean, 0);
      case 'n':
        return take_word("null", into, Json::Kind::kNull, 0);
      default:
        return read_number(into);
    }
  }

  bool read_object(Json* into, int depth) {
    into->kind_ = Json::Kind::kObject;
    ++at_;
    skip_blanks();
    if (take('}')) return true;
    do {
      Json::Member member;
      skip_blanks();
      if (at_ >= text_.size() || text_[at_] != '"') return wrong("a name is missing");
      if (!read_text(&member.first)) return false;
      if (into->find(member.first) != nullptr) return wrong("a name is there twice");
      skip_blanks();
      if (!take(':')) return wrong("a colon is missing");
      if (!read_value(&member.second, depth + 1)) return false;
      into->members_.push_back(std::move(member));
      skip_blanks();
    } while (take(','));
    return take('}') || wrong("a comma or a closing brace is missing");
  }

  bool read_array(Json* into, int depth) {
    into->kind_ = Json::Kind::kArray;
    ++at_;
    skip_blanks();
    if (take(']')) return true;
    do {
      Json item;
      if (!read_value(&item, depth + 1)) return false;
      into->items_.push_back(std::move(item));
      skip_blanks();
    } while (take(','));
    return take(']') || wrong("a comma or a closing bracket is missing");
  }

  // The grammar first: from_chars would also take `inf`, `nan` and `.5`.
  bool read_number(Json* into) {
    const size_t begin = at_;
    const auto digits = [&] {
      const size_t from = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return at_ > from;
    };
    take('-');
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const size_t whole = at_;
    if (!digits() || (zero && at_ - whole > 1)) return wrong("no value");
    if (take('.') && !digits()) return wrong("a number without decimals behind its point");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return wrong("a number without an exponent");
    }
    into->kind_ = Json::Kind::kNumber;
    const auto [stop, error] =
        std::from_chars(text_.data() + begin, text_.data() + at_, into->number_);
    const bool good = error == std::errc() && stop == text_.data() + at_;
    return good || wrong("a number that is too large");
  }

  bool read_text(std::string* into) {
    for (++at_; at_ < text_.size();) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      const size_t length = utf8_sequence(text_.substr(at_));
      if (byte == '"') return ++at_, true;
      if (byte < 0x20) return wrong("a control character in a text");
      if (length == 0) return wrong("a text that is not UTF-8");
      if (byte == '\\') {
        if (!read_escape(into)) return false;
        continue;
      }
      into->append(text_.substr(at_, length));
      at_ += length;
    }
    return wrong("");
  }

  bool read_escape(std::string* into) {
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    ++at_;
    if (at_ >= text_.size()) return wrong("");
    const size_t place = kFrom.find(text_[at_]);
    if (place != kFrom.npos) {
      ++at_;
      into->push_back(kTo[place]);
      return true;
    }
    if (!take('u')) return wrong("an unknown escape");
    uint32_t code = 0;
    if (!read_hex(&code)) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
      uint32_t low = 0;
      if (!take('\\') || !take('u') || !read_hex(&low) || low < 0xDC00 || low > 0xDFFF) {
        return wrong("half a character");
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return wrong("half a character");
    }
    append_utf8(code, into);
    return true;
  }

  bool read_hex(uint32_t* code) {
    if (at_ + 4 > text_.size()) return at_ = text_.size(), wrong("");
    const char* begin = text_.data() + at_;
    const auto [stop, error] = std::from_chars(begin, begin + 4, *code, 16);
    if (error != std::errc() || stop != begin + 4) return wrong("an escape that is not 4 digits");
    at_ += 4;
    return true;
  }

  static void append_utf8(uint32_t code, std::string* into) {
    if (code < 0x80) return into->push_back(static_cast<char>(code));
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const uint32_t marks[] = {0, 0xC0, 0xE0, 0xF0};
    into->push_back(static_cast<char>(marks[more] | code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i) {
      into->push_back(static_cast<char>(0x80 | (code >> (6 * i) & 0x3F)));
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string problem_;
};

inline JsonDocument json_from(std::string_view text) {
  return JsonReader(text).read();
}

}  // namespace farmhand
