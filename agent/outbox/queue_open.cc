// SPDX-License-Identifier: Apache-2.0
// How a queue file is opened, or replaced.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hh"
#include "base/log.hh"
#include "outbox/append.hh"
#include "outbox/queue_file.hh"
#include "outbox/salvage.hh"

namespace farmhand {

namespace {

// An unreadable file is tried so often, a second apart, before it is replaced: the disk may come
// back.
constexpr int kFailedOpensMax = 10;

// `…/queue` for `…/queue.db`: what belongs to it is named after it.
std::string stem_of(const std::string& path) {
  return path.ends_with(".db") ? path.substr(0, path.size() - 3) : path;
}

std::string mark_path(const std::string& path) {
  return stem_of(path) + ".salvage";
}

// One damaged file is kept, the latest.
void remove_older_damaged(const std::string& path) {
  const std::string stem = stem_of(path) + ".bad.";
  const std::string prefix = stem.substr(stem.rfind('/') + 1);
  DIR* directory = ::opendir(directory_of(path).c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.starts_with(prefix)) ::unlink((directory_of(path) + "/" + name).c_str());
  }
  ::closedir(directory);
}

Result<void> move_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
  return error_from_errno("rename '" + from + "' to '" + to + "'", errno);
}

Result<void> move_database(const std::string& path, const std::string& to) {
  ::unlink((path + "-shm").c_str());
  ::unlink((path + "-journal").c_str());
  // The WAL first, and for good: where the main file is found under its new name, so is its WAL,
  // and a crash in between leaves it to no other file.
  if (auto moved = move_file(path + "-wal", to + "-wal"); !moved) return moved;
  if (auto synced = sync_directory_of(path); !synced) return synced;
  if (auto moved = move_file(path, to); !moved) return moved;
  return sync_directory_of(path);
}

// Opening a pipe or what a link leads to nowhere would wait, or fail as a broken disk does.
bool is_file_or_nothing(const std::string& path) {
  struct stat link {
  }, file{};
  if (::lstat(path.c_str(), &link) != 0) return true;
  return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode);
}

// Not the file's fault, or none that a new file would cure.
bool is_of_the_disk(Errc code) {
  return code == Errc::kNoSpace || code == Errc::kUnavailable || code == Errc::kIo;
}

}  // namespace

Result<void> check_file_system(const std::string& directory) {
  // Magic numbers as in statfs(2).
  constexpr std::array<std::pair<uint32_t, std::string_view>, 9> kNetwork = {{
      {0x6969, "NFS"},
      {0xff534d42, "CIFS"},
      {0xfe534d42, "SMB2"},
      {0x517b, "SMB"},
      {0x01021997, "9p"},
      {0x00c36400, "Ceph"},
      {0x5346414f, "AFS"},
      {0x47504653, "GPFS"},
      {0x0bd00bd0, "Lustre"},
  }};
  struct statfs fs {};
  if (::statfs(directory.c_str(), &fs) != 0) {
    return error_from_errno("look at '" + directory + "'", errno);
  }
  for (const auto& [magic, name] : kNetwork) {
    if (static_cast<uint32_t>(fs.f_type) != magic) continue;
    return Error{Errc::kUnsupported, "'" + directory + "' is on " + std::string(name) +
                                         ": put the state directory on a local disk, as locks and "
                                         "fsync cannot be relied upon there"};
  }
  return {};
}

Result<void> QueueFile::ensure_open(const Stamp& now) {
  if (tables_ != nullptr) return {};
  auto opened = open(now);
  if (!opened && opened.error().code == Errc::kNoSpace && ballast_.state() == BallastState::kHeld) {
    drop(opened.error());
    ballast_.release(now.boottime_ns);
    disk_full_ = true;
    opened = open(now);
  }
  if (!opened) {
    const Error error = opened.error().in("outbox");
    drop(error);
    return error;
  }
  failed_opens_ = 0;
  stats_.writable = !refused_;
  if (stats_.writable) stats_.error = set_aside_;
  refresh_stats();
  return {};
}

Result<void> QueueFile::open(const Stamp& now) {
  if (auto local = check_file_system(directory_of(options_.path)); !local) return local;
  const bool salvaging = ::access(mark_path(options_.path).c_str(), F_OK) == 0;
  if (auto done = salvaging ? finish_salvage(now) : open_tables(now); !done) return done;
  auto settled = settle(now);
  if (settled || is_of_the_disk(settled.error().code)) return settled;
  // Whole, and yet it says what no file of ours would: a key twice, a column that is not there.
  drop({Errc::kCorrupt, settled.error().message});
  if (auto replaced = open_tables(now); !replaced) return replaced;
  return settle(now);
}

Result<void> QueueFile::settle(const Stamp& now) {
  if (tables_ == nullptr) return Error{Errc::kInternal, "no file after opening it"};
  auto boot = tables_->registers.boot_number(now.boot_id);
  if (!boot) return boot.error();
  tables_->boot = *boot;
  if (auto moved = lives(now).finish_moves(); !moved) return moved;
  if (auto begun = begin_life(std::exchange(forgot_, false), now); !begun) return begun;
  if (auto noted = note_start(now); !noted) return noted;
  if (auto taken = take_up_again(now); !taken) return taken;
  ballast_.hold(now.boottime_ns);
  return {};
}

// Within a session the file is opened anew after an error only: what the sender has, and what the
// coordinator has said, still stands.
Result<void> QueueFile::take_up_again(const Stamp& now) {
  tables_->in_flight = std::exchange(in_flight_, {});
  Claims claims;
  for (const Lane lane : kLanes) {
    const auto& heard = heard_[index_of(lane)];
    if (!heard) continue;
    auto found = Watermarks(*tables_).judge(lane, heard);
    if (!found) return found.error();
    if (found->ours && found->place != tables_->registers.lane(lane).applied) {
      claims.emplace_back(lane, heard);
    }
  }
  auto standing = adopt(claims, now);
  return standing ? Result<void>() : standing.error();
}

Result<void> QueueFile::open_tables(const Stamp& now) {
  if (damaged_) {
    return replace("bad", {Errc::kCorrupt, "'" + options_.path + "' is damaged"}, now);
  }
  if (!is_file_or_nothing(options_.path)) {
    return replace("bad", {Errc::kCorrupt, "'" + options_.path + "' is not a file"}, now);
  }
  auto opened = Tables::open(options_.path, options_.budget, options_.vfs);
  // Ours, and with rights that somebody took away.
  if (!opened && opened.error().code == Errc::kPermission) {
    (void)::chmod((options_.path + "-wal").c_str(), 0600);
    if (::chmod(options_.path.c_str(), 0600) == 0) {
      opened = Tables::open(options_.path, options_.budget, options_.vfs);
    }
  }
  if (opened) {
    tables_ = std::move(*opened);
    auto forgot = forgot_commits();
    if (!forgot) return forgot.error();
    forgot_ = forgot_ || *forgot;
    return {};
  }
  const Error& why = opened.error();
  if (why.code == Errc::kUnavailable) {
    return Error{why.code, "'" + options_.path +
                               "' is in use by another process: is another agent running on this "
                               "state directory?"};
  }
  if (why.code == Errc::kUnsupported) return replace("newer", why, now);
  if (is_of_the_disk(why.code) && (why.code != Errc::kIo || ++failed_opens_ < kFailedOpensMax)) {
    return why;
  }
  return replace("bad", why, now);
}

// Sets the file aside and makes another. What a newer version wrote is kept whole for it; a damaged
// file gives what can be read.
Result<void> QueueFile::replace(std::string_view kind, const Error& why, const Stamp& now) {
  if (::access(directory_of(options_.path).c_str(), W_OK) != 0) return why;  // no better for it
  const std::string aside = stem_of(options_.path) + "." + std::string(kind) + "." +
                            std::to_string(now.realtime_ns / 1'000'000'000);
  log::warn("outbox: the queue file is set aside, a new epoch begins",
            {{"why", why.message}, {"kept_as", aside}});
  const bool bad = kind == "bad";
  if (bad) {
    remove_older_damaged(options_.path);
    if (auto marked = write_file_atomically(mark_path(options_.path), aside, 0600); !marked) {
      return marked;
    }
  }
  if (auto moved = move_database(options_.path, aside); !moved) return moved;
  damaged_ = false;
  set_aside_ = why.message + "; kept as '" + aside + "'";
  in_flight_ = {};
  if (bad) return finish_salvage(now);
  auto fresh = Tables::open(options_.path, options_.budget, options_.vfs);
  if (!fresh) return fresh.error();
  tables_ = std::move(*fresh);
  return {};
}

// The mark names the damaged file. It goes when everything is saved and the new epoch has begun;
// until then nothing has been accepted into the fresh file, and a crash costs only the work.
Result<void> QueueFile::finish_salvage(const Stamp& now) {
  const std::string mark = mark_path(options_.path);
  auto aside = read_file(mark, 4096);
  if (!aside) return aside.error();
  if (::access(aside->c_str(), F_OK) != 0) {  // it had not been set aside, or only its WAL
    if (auto moved = move_database(options_.path, *aside); !moved) return moved;
  }
  for (const char* suffix : {"", "-wal", "-journal"}) ::unlink((options_.path + suffix).c_str());
  auto fresh = Tables::open(options_.path, options_.budget, options_.vfs);
  if (!fresh) return fresh.error();
  tables_ = std::move(*fresh);
  auto boot = tables_->registers.boot_number(now.boot_id);
  if (!boot) return boot.error();
  tables_->boot = *boot;
  auto saved = salvage(*aside, options_.vfs, *tables_);
  if (!saved) return saved.error();
  if (auto begun = begin_life(true, now); !begun) return begun;
  if (auto unclean = tables_->registers.set_meta("clean", 0); !unclean) return unclean;
  log::info("outbox: segments saved from the damaged file", {{"segments", *saved}});
  ::unlink(mark.c_str());
  return {};
}

// Something was accepted that is not here any more, and cannot be told: commits in the WAL behind a
// damaged frame, or the WAL of a file in use is gone. (That it is in use is in the main file since
// the start.) A new epoch says so to the coordinator.
Result<bool> QueueFile::forgot_commits() {
  const sqlite::Database& db = tables_->db;
  auto clean = tables_->registers.meta("clean");
  if (!clean) return clean.error();
  const bool gone = *clean == "0" && !db.had_wal() && tables_->registers.current() != 0;
  if (!gone && db.commits_cut_off() < 2) return false;
  set_aside_ = "'" + options_.path + "-wal' " + (gone ? "is gone" : "is damaged") +
               ": what was stored last is lost, a new epoch begins";
  log::warn("outbox: " + set_aside_);
  return true;
}

// The file must be of the present life: of the epoch that is kept outside of it.
Result<void> QueueFile::begin_life(bool anew, const Stamp& now) {
  auto stored = options_.epochs->load();
  if (!stored) return of_the_state(stored.error());
  const Epoch* current = tables_->registers.find_epoch(tables_->registers.current());
  if (!anew && current != nullptr && *stored && **stored == *current) return {};
  return lives(now).begin(0, {});
}

// Says on lane 4 what an unclean end may have cost. From now on the end is unclean until it is not.
Result<void> QueueFile::note_start(const Stamp& now) {
  if (started_) return {};
  auto clean = tables_->registers.meta("clean");
  if (!clean) return clean.error();
  auto started = tables_->registers.meta("started_realtime_ns");
  if (!started) return started.error();
  auto transaction = sqlite::Transaction::begin(tables_->db);
  if (!transaction) return transaction.error();
  if (*clean != "1") {
    int64_t from_ns = std::strtoll(started->c_str(), nullptr, 10);
    auto last = tables_->rows.find_head_at(Lane::kTelemetry, kLaneEnd);
    if (!last) return last.error();
    if (*last) from_ns = std::max(from_ns, (*last)->segment.realtime_ns);
    if (from_ns == 0) from_ns = now.realtime_ns;
    if (auto put = put_interruption(from_ns, now); !put) return put;
  }
  if (auto set = tables_->registers.set_meta("clean", 0); !set) return set;
  if (auto set = tables_->registers.set_meta("started_realtime_ns", now.realtime_ns); !set)
    return set;
  if (auto saved = tables_->registers.save_lanes(); !saved) return saved;
  if (auto committed = transaction->commit(); !committed) return committed;
  started_ = true;
  auto written = tables_->db.checkpoint(sqlite::Database::Checkpoint::kPassive);
  return written || written.error().code == Errc::kNoSpace ? Result<void>() : written;
}

void QueueFile::drop(const Error& error) {
  if (tables_ != nullptr) {
    tables_->db.abandon();
    in_flight_ = tables_->in_flight;
  }
  tables_.reset();
  damaged_ = damaged_ || error.code == Errc::kCorrupt;
  stats_.writable = false;
  stats_.error = error.message;
}

}  // namespace farmhand
