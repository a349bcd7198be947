-- The outbox's file. FORMAT.md says what each thing means and what is promised of it.
--
-- A reader of format V opens any file whose `min_reader` is at most V. A newer one is set aside,
-- kept, and a new epoch begins.
PRAGMA application_id = 0x46484f42;  -- "FHOB"
PRAGMA user_version = 2;

-- version, min_reader, schema (a checksum of it), clean (1 after an orderly end), started_realtime_ns;
-- and copies of the tables epoch and epoch_end, which lie on other pages
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('version', 2), ('min_reader', 2), ('clean', 1),
                        ('started_realtime_ns', 0);

-- `id` counts the epochs of this file; positions carry it. The largest is the current one.
CREATE TABLE epoch (
  id INTEGER PRIMARY KEY, counter INTEGER NOT NULL, random BLOB NOT NULL, crc INTEGER);

-- Where the lanes of a finished epoch ended. Kept for ever: it tells a coordinator that went back
-- beyond the tail what it can no longer have.
CREATE TABLE epoch_end (
  epoch INTEGER NOT NULL, lane INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_chain BLOB NOT NULL,
  crc INTEGER, PRIMARY KEY (epoch, lane)) WITHOUT ROWID;

-- Boots of the machine: boottimes compare only within one.
CREATE TABLE boot (id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE);

-- `crc` covers the row, here and in the two above; NULL only until the file is made or taken over.
--
-- One row per lane. `last_*` are of the current epoch; `applied_*`: what the coordinator has;
-- `floor_*`: everything up to here is deleted; `thinned_*`: everything up to here is thinned.
CREATE TABLE lane (
  lane INTEGER PRIMARY KEY,
  last_seq INTEGER NOT NULL DEFAULT 0, last_chain BLOB NOT NULL DEFAULT (zeroblob(16)),
  applied_epoch INTEGER NOT NULL DEFAULT 0, applied_seq INTEGER NOT NULL DEFAULT 0,
  applied_chain BLOB NOT NULL DEFAULT (zeroblob(16)),
  floor_epoch INTEGER NOT NULL DEFAULT 0, floor_seq INTEGER NOT NULL DEFAULT 0,
  floor_chain BLOB NOT NULL DEFAULT (zeroblob(16)),
  thinned_epoch INTEGER NOT NULL DEFAULT 0, thinned_seq INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0, tail_bytes INTEGER NOT NULL DEFAULT 0,
  depth INTEGER NOT NULL DEFAULT 0,
  gap_records INTEGER NOT NULL DEFAULT 0, gap_bytes INTEGER NOT NULL DEFAULT 0,
  crc INTEGER);
INSERT INTO lane (lane) VALUES (0), (1), (2), (3), (4);

-- Lanes whose rows after this place are being moved to the current epoch; finished at the next open.
CREATE TABLE move (lane INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL);

-- position = lane << 60 | epoch << 44 | from_seq: one key, ascending in the order of sending, so that
-- each lane is appended to and its applied rows are one range. `crc` covers all columns.
CREATE TABLE segment (
  position INTEGER PRIMARY KEY,
  to_seq INTEGER NOT NULL,
  before BLOB NOT NULL,  -- the chain of the segment before
  chain BLOB NOT NULL,
  kind INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  gap_count INTEGER NOT NULL,
  gap_bytes INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  boottime_ns INTEGER NOT NULL,
  realtime_ns INTEGER NOT NULL,
  synchronised INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  bytes BLOB NOT NULL);

-- For people with a copy of the file and the sqlite3 shell.
CREATE VIEW segments AS
  SELECT position >> 60 AS lane, (position >> 44) & 65535 AS epoch,
         position & 17592186044415 AS from_seq, to_seq, kind, reason, gap_count, gap_bytes,
         length(bytes) AS bytes, boottime_ns, realtime_ns
  FROM segment;
