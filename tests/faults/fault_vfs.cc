// SPDX-License-Identifier: Apache-2.0
#include "fault_vfs.hh"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace farmhand {

namespace {
std::vector<FaultVfs*> alive;  // the last is in charge
}

struct FaultVfs::File {
  sqlite3_file base;
  sqlite3_io_methods methods;
  FaultVfs* vfs;
  FaultDisk::File* on_disk;  // null: opened while somebody looked, and not watched
  bool names_directory;      // its first sync is of its directory, too
  bool read_only;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  const sqlite3_io_methods& real_methods() { return *real()->pMethods; }
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
};

// What SQLite calls. The results are those of its unix VFS for the same errno.
struct FaultVfs::Methods {
  static FaultVfs& self(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    FaultVfs& v = self(vfs);
    File& own = File::of(file);
    std::memset(&own, 0, sizeof own);
    const bool watched = !v.looking_ && name != nullptr && std::string(name).starts_with(v.only);
    const int error = watched ? v.failure(Call::kOpen) : 0;
    own.read_only = error == EROFS && (flags & SQLITE_OPEN_READWRITE) != 0;
    if (own.read_only) {
      flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    } else if (error != 0) {
      return SQLITE_CANTOPEN;
    }
    const bool existed = name != nullptr && ::access(name, F_OK) == 0;
    const int rc = v.real_->xOpen(v.real_, name, own.real(), flags, out);
    if (rc != SQLITE_OK) return rc;
    own.vfs = &v;
    if (watched) own.on_disk = v.disk.opened(name, !existed);
    constexpr int kSyncsDirectory =
        SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    own.names_directory = !existed && (flags & kSyncsDirectory) != 0;
    own.methods = {1,       close,   read,       write,   truncate, sync,   size,
                   lock,    unlock,  check_lock, control, sector,   traits, nullptr,
                   nullptr, nullptr, nullptr,    nullptr, nullptr};
    own.base.pMethods = &own.methods;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    FaultVfs& v = self(vfs);
    if (v.looking_ || !std::string(name).starts_with(v.only)) {
      return v.real_->xDelete(v.real_, name, sync_directory);
    }
    if (v.failure(Call::kDelete) != 0) return SQLITE_IOERR_DELETE;
    FaultDisk::File* file = v.disk.find(name);
    const int rc = v.real_->xDelete(v.real_, name, sync_directory);
    if (rc != SQLITE_OK) return rc;
    v.disk.deleted(name, file);
    if (sync_directory != 0) {
      v.sync_point();
      v.disk.directory_synced(std::string(name).substr(0, std::string(name).rfind('/')));
    }
    return SQLITE_OK;
  }

  static int last_error(sqlite3_vfs* vfs, int n, char* text) {
    FaultVfs& v = self(vfs);
    return v.last_error_ != 0 ? v.last_error_ : v.real_->xGetLastError(v.real_, n, text);
  }

  static int close(sqlite3_file* f) {
    return File::of(f).real_methods().xClose(File::of(f).real());
  }

  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    File& file = File::of(f);
    if (watched(file) && file.vfs->failure(Call::kRead) != 0) return SQLITE_IOERR_READ;
    return file.real_methods().xRead(file.real(), to, n, at);
  }

  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    File& file = File::of(f);
    FaultVfs& v = *file.vfs;
    if (!watched(file)) return file.real_methods().xWrite(file.real(), from, n, at);
    if (const int error = file.read_only ? EROFS : v.failure(Call::kWrite, at + n, size_of(file))) {
      if (v.fault && v.fault->half) (void)write_through(file, from, n / 2, at);
      const bool full = error == ENOSPC || (v.fault && v.fault->half);
      v.last_error_ = full ? 0 : error;
      return full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return write_through(file, from, n, at);
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    File& file = File::of(f);
    FaultVfs& v = *file.vfs;
    if (watched(file) && (file.read_only || v.failure(Call::kTruncate) != 0)) {
      return SQLITE_IOERR_TRUNCATE;
    }
    const int rc = file.real_methods().xTruncate(file.real(), size);
    if (rc != SQLITE_OK || !watched(file)) return rc;
    v.disk.truncated(file.on_disk, size);
    written(v);
    return rc;
  }

  static int sync(sqlite3_file* f, int flags) {
    File& file = File::of(f);
    FaultVfs& v = *file.vfs;
    if (!watched(file)) return file.real_methods().xSync(file.real(), flags);
    v.sync_point();
    if (v.failure(Call::kSync) != 0) {
      v.disk.sync_failed(file.on_disk);
      return SQLITE_IOERR_FSYNC;
    }
    const int rc = file.real_methods().xSync(file.real(), flags);
    if (rc != SQLITE_OK) return rc;
    v.disk.synced(file.on_disk);
    v.sync_point();
    if (std::exchange(file.names_directory, false)) {
      const std::string& path = file.on_disk->path;
      v.disk.directory_synced(path.substr(0, path.rfind('/')));
      v.sync_point();
    }
    return rc;
  }

  static int size(sqlite3_file* f, sqlite3_int64* n) {
    return File::of(f).real_methods().xFileSize(File::of(f).real(), n);
  }
  static int lock(sqlite3_file* f, int how) {
    return File::of(f).real_methods().xLock(File::of(f).real(), how);
  }
  static int unlock(sqlite3_file* f, int how) {
    return File::of(f).real_methods().xUnlock(File::of(f).real(), how);
  }
  static int check_lock(sqlite3_file* f, int* out) {
    return File::of(f).real_methods().xCheckReservedLock(File::of(f).real(), out);
  }
  static int control(sqlite3_file* f, int op, void* arg) {
    return File::of(f).real_methods().xFileControl(File::of(f).real(), op, arg);
  }
  static int sector(sqlite3_file* f) {
    return File::of(f).real_methods().xSectorSize(File::of(f).real());
  }
  static int traits(sqlite3_file* f) {
    return File::of(f).real_methods().xDeviceCharacteristics(File::of(f).real());
  }

 private:
  static bool watched(const File& file) { return file.on_disk != nullptr && !file.vfs->looking_; }
  static int64_t size_of(File& file) {
    sqlite3_int64 bytes = 0;
    return file.real_methods().xFileSize(file.real(), &bytes) == SQLITE_OK ? bytes : 0;
  }
  static int write_through(File& file, const void* from, int n, sqlite3_int64 at) {
    const int rc = file.real_methods().xWrite(file.real(), from, n, at);
    if (rc != SQLITE_OK) return rc;
    file.vfs->disk.wrote(file.on_disk, at,
                         {static_cast<const char*>(from), static_cast<size_t>(n)});
    written(*file.vfs);
    return rc;
  }
  static void written(FaultVfs& v) {
    if (!v.on_written) return;
    v.looking_ = true;
    v.on_written();
    v.looking_ = false;
  }
};

FaultVfs::FaultVfs()
    : real_(sqlite3_vfs_find("unix")),
      vfs_(*real_),
      name_("fault-" + std::to_string(reinterpret_cast<uintptr_t>(this))) {
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = &Methods::open;
  vfs_.xDelete = &Methods::remove;
  vfs_.xGetLastError = &Methods::last_error;
  sqlite3_vfs_register(&vfs_, 1);
  alive.push_back(this);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&vfs_);
  std::erase(alive, this);
}

void note_directory_sync(const std::string& directory) {
  for (FaultVfs* vfs : alive) {
    if (vfs->looking_ || !directory.starts_with(vfs->only)) continue;
    vfs->sync_point();
    vfs->disk.directory_synced(directory);
  }
}

// The errno of a call that is to fail; 0: it is not.
int FaultVfs::failure(Call call, int64_t grows_to, int64_t size) {
  const uint64_t n = counts_[static_cast<size_t>(call)]++;
  if (!fault) return 0;
  const bool starts = call == fault->call && n >= fault->nth && (fault->lasts || !fired);
  const bool spreads =
      fired && fault->lasts && fault->error == EROFS && call != Call::kRead && call != Call::kSync;
  if (!starts && !spreads) return 0;
  if (fault->growing_only && grows_to <= size) return 0;
  fired = true;
  last_error_ = fault->error;
  return fault->error;
}

void FaultVfs::sync_point() {
  if (!on_sync_point) return;
  looking_ = true;
  on_sync_point();
  looking_ = false;
}

}  // namespace farmhand

// Takes the place of the C library's in the test program: SQLite's VFS does not see the directories
// that the code around it syncs.
extern "C" __attribute__((visibility("default"))) int fsync(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) == 0 && S_ISDIR(file.st_mode)) {
    std::array<char, 4096> path{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    if (length > 0) farmhand::note_directory_sync({path.data(), static_cast<size_t>(length)});
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
