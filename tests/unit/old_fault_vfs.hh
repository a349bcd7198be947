// SPDX-License-Identifier: Apache-2.0
// SQLite's own VFS, with a disk that can be told to be full or broken.
#pragma once

#include <sqlite3.h>

#include <cstring>
#include <memory>
#include <string>

namespace farmhand {

class FaultVfs {
 public:
  explicit FaultVfs(const char* name) : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = name;
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = &FaultVfs::open;
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  int write_result = SQLITE_OK;  // what every write returns, when not OK
  int sync_result = SQLITE_OK;
  int writes_until_fault = 0;
  int syncs_until_fault = 0;

 private:
  // The real file follows in memory; `methods` are its own with ours in two places.
  struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    const sqlite3_io_methods* real;
    FaultVfs* vfs;
  };
  static sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }
  static FaultVfs& vfs_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->vfs; }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    auto* own = reinterpret_cast<File*>(file);
    std::memset(own, 0, sizeof *own);
    const int rc = self->real_->xOpen(self->real_, name, real_of(file), flags, out);
    if (rc != SQLITE_OK) return rc;
    own->vfs = self;
    own->real = real_of(file)->pMethods;
    own->methods = {1,       close,   read,       write,   truncate, sync,   size,
                    lock,    unlock,  check_lock, control, sector,   traits, nullptr,
                    nullptr, nullptr, nullptr,    nullptr, nullptr};
    own->base.pMethods = &own->methods;
    return SQLITE_OK;
  }
  static int fault(int result, int& until) {
    return result != SQLITE_OK && until-- <= 0 ? result : SQLITE_OK;
  }
  static const sqlite3_io_methods& real(sqlite3_file* f) {
    return *reinterpret_cast<File*>(f)->real;
  }

  static int close(sqlite3_file* f) { return real(f).xClose(real_of(f)); }
  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return real(f).xRead(real_of(f), to, n, at);
  }
  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    FaultVfs& vfs = vfs_of(f);
    if (const int rc = fault(vfs.write_result, vfs.writes_until_fault); rc != SQLITE_OK) return rc;
    return real(f).xWrite(real_of(f), from, n, at);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 n) { return real(f).xTruncate(real_of(f), n); }
  static int sync(sqlite3_file* f, int flags) {
    FaultVfs& vfs = vfs_of(f);
    if (const int rc = fault(vfs.sync_result, vfs.syncs_until_fault); rc != SQLITE_OK) return rc;
    return real(f).xSync(real_of(f), flags);
  }
  static int size(sqlite3_file* f, sqlite3_int64* n) { return real(f).xFileSize(real_of(f), n); }
  static int lock(sqlite3_file* f, int how) { return real(f).xLock(real_of(f), how); }
  static int unlock(sqlite3_file* f, int how) { return real(f).xUnlock(real_of(f), how); }
  static int check_lock(sqlite3_file* f, int* out) {
    return real(f).xCheckReservedLock(real_of(f), out);
  }
  static int control(sqlite3_file* f, int op, void* arg) {
    return real(f).xFileControl(real_of(f), op, arg);
  }
  static int sector(sqlite3_file* f) { return real(f).xSectorSize(real_of(f)); }
  static int traits(sqlite3_file* f) { return real(f).xDeviceCharacteristics(real_of(f)); }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
};

}  // namespace farmhand
