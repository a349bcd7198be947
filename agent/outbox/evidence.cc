// SPDX-License-Identifier: Apache-2.0
#include "outbox/evidence.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hh"
#include "base/log.hh"

namespace farmhand {

void RecordEvidence::add(Lane lane, uint64_t seq, std::string_view reason, std::string_view record) {
  std::string entry = std::string(name_of(lane)) + " " + std::to_string(seq) + " " +
                      std::to_string(record.size()) + " ";
  entry += reason.substr(0, 512);
  entry += '\n';
  entry += record;
  entry += '\n';
  const Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat file {};
  bool kept = fd && ::fstat(fd.get(), &file) == 0 && entry.size() <= bytes_max_;
  if (kept && static_cast<uint64_t>(file.st_size) + entry.size() > bytes_max_) {
    kept = ::ftruncate(fd.get(), 0) == 0;
  }
  if (kept) {
    kept = ::write(fd.get(), entry.data(), entry.size()) == static_cast<ssize_t>(entry.size());
  }
  if (!kept) log::warn("a refused record was not kept as evidence", {{"path", path_}});
}

}  // namespace farmhand
