// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an Error of a kind and a sentence. C++20 has no std::expected; this is
// the part of it we use.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace farmhand {

// What kind of failure, for the caller that wants to act on it.
enum class Errc {
  kInvalid,       // the input is wrong: say what to write instead
  kNotFound,      // the named thing does not exist
  kPermission,    // the thing exists and we may not use it
  kExists,        // it is there already
  kIo,            // the operating system failed us
  kNoSpace,       // disk full or quota exceeded
  kCorrupt,       // stored or received bytes are not what they should be
  kTimeout,       // the deadline passed
  kUnavailable,   // the other side cannot be reached now; trying again later may help
  kRefused,       // the other side said no; trying again will not help
  kUnsupported,   // this build or this partner cannot do it
  kBackpressure,  // a bounded queue is full: try again later
  kCancelled,     // stopped on request
  kInternal,      // a broken assumption of ours
};

std::string_view name_of(Errc code);

// The kind is for the caller, the sentence for the reader.
struct Error {
  Errc code = Errc::kInternal;
  std::string message;

  // The same failure seen from one level up: `load plugin 'rbln': open '/x.so': not found`.
  [[nodiscard]] Error in(std::string_view context) const {
    return {code, std::string(context) + ": " + message};
  }
};

// `open '/x': No such file or directory`, with the kind that belongs to the errno.
Error error_from_errno(std::string_view what, int errnum);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(implicit)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    assert(!ok());
    return std::get<1>(state_);
  }

 private:
  T& value() {
    assert(ok());
    return std::get<0>(state_);
  }
  const T& value() const {
    assert(ok());
    return std::get<0>(state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT(implicit)

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const {
    assert(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace farmhand
