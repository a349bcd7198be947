// SPDX-License-Identifier: Apache-2.0
// Failures of a plugin as C++ exceptions, and the one place where they end: guarded(), which turns
// them into a status and a sentence. Nothing is thrown across the C frame.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "farmhand/text.hh"

namespace farmhand {

// What a plugin throws to say: this call failed, with this status, for this reason.
class Failure : public std::runtime_error {
 public:
  Failure(int32_t code, const std::string& text, int64_t vendor_code = 0)
      : std::runtime_error(text), code_(code), vendor_code_(vendor_code) {}
  int32_t code() const { return code_; }
  int64_t vendor_code() const { return vendor_code_; }

 private:
  int32_t code_;
  int64_t vendor_code_;
};

// A sentence with its numbers, as printf writes them; cut to what an fh_error holds.
__attribute__((format(printf, 1, 2))) inline std::string said(const char* format, ...) {
  char text[sizeof(fh_error::text)];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return text;
}

// Throws a Failure: fail(FH_E_UNSUPPORTED, "cannot open '%s': install the driver", path).
[[noreturn]] __attribute__((format(printf, 2, 3))) inline void fail(int32_t code,
                                                                    const char* format, ...) {
  char text[sizeof(fh_error::text)];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  throw Failure(code, text);
}

// Writes no byte beyond the size the host stated; an older host has a shorter struct. The text may
// quote anything: it is made UTF-8 here.
inline int32_t fill(fh_error* err, int32_t code, std::string_view text, int64_t vendor_code = 0) {
  if (err == nullptr || err->struct_size <= offsetof(fh_error, text)) return code;
  err->code = code;
  err->vendor_code = vendor_code;
  size_t room = err->struct_size - offsetof(fh_error, text);
  if (room > sizeof err->text) room = sizeof err->text;
  const std::string_view cut = utf8_cut(text, room - 1);
  memcpy(err->text, cut.data(), cut.size());
  clean_in_place(err->text, cut.size());
  err->text[cut.size()] = '\0';
  return code;
}

// Runs `body` and stops whatever it throws. `body` returns nothing (FH_OK) or a status.
template <class Body>
int32_t guarded(fh_error* err, Body&& body) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      std::forward<Body>(body)();
      return FH_OK;
    } else {
      return std::forward<Body>(body)();
    }
  } catch (const Failure& failure) {
    return fill(err, failure.code(), failure.what(), failure.vendor_code());
  } catch (const std::bad_alloc&) {
    return fill(err, FH_E_INTERNAL, "out of memory");
  } catch (const std::exception& exception) {
    return fill(err, FH_E_INTERNAL, exception.what());
  } catch (...) {
    return fill(err, FH_E_INTERNAL, "an exception of unknown type inside the plugin");
  }
}

}  // namespace farmhand
