// SPDX-License-Identifier: Apache-2.0
#include "base/result.hh"

#include <cerrno>
#include <cstring>

namespace farmhand {

std::string_view name_of(Errc code) {
  switch (code) {
    case Errc::kInvalid:
      return "invalid";
    case Errc::kNotFound:
      return "not_found";
    case Errc::kPermission:
      return "permission";
    case Errc::kExists:
      return "exists";
    case Errc::kIo:
      return "io";
    case Errc::kNoSpace:
      return "no_space";
    case Errc::kCorrupt:
      return "corrupt";
    case Errc::kTimeout:
      return "timeout";
    case Errc::kUnavailable:
      return "unavailable";
    case Errc::kRefused:
      return "refused";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kBackpressure:
      return "backpressure";
    case Errc::kCancelled:
      return "cancelled";
    case Errc::kInternal:
      return "internal";
  }
  return "internal";
}

namespace {

Errc code_from_errno(int errnum) {
  switch (errnum) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
      return Errc::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::kPermission;
    case EEXIST:
    case EADDRINUSE:
      return Errc::kExists;
    case ENOSPC:
    case EDQUOT:
      return Errc::kNoSpace;
    case ETIMEDOUT:
      return Errc::kTimeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPIPE:
      return Errc::kUnavailable;
    case EAGAIN:
    case ENOBUFS:
      return Errc::kBackpressure;
    case ECANCELED:
      return Errc::kCancelled;
    case ENOSYS:
    case EOPNOTSUPP:
      return Errc::kUnsupported;
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
      return Errc::kInvalid;
    default:
      return Errc::kIo;
  }
}

}  // namespace

Error error_from_errno(std::string_view what, int errnum) {
  return {code_from_errno(errnum), std::string(what) + ": " + std::strerror(errnum)};
}

}  // namespace farmhand
