-- SPDX-License-Identifier: Apache-2.0
-- The coordinator's store. One connection, ever. What is applied moves the watermark, the ledger,
-- the archive and the derived tables in one transaction.
--
-- A reader of schema version V opens any file whose `min_reader` is at most V. A newer file is
-- refused, never altered: a coordinator's state is not disposable.
--
-- There is no row per event or per sample. Records stay in the segments they came in (`archive`),
-- and only what is asked for has derived rows: the last event of a device, the last values of a
-- device, the devices themselves. That is what lets one machine take hundreds of thousands of
-- events a second.

CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('schema', 3), ('min_reader', 1);

CREATE TABLE node(
  id INTEGER PRIMARY KEY,
  uuid BLOB NOT NULL UNIQUE,
  hostname TEXT NOT NULL DEFAULT '',
  cloud TEXT NOT NULL,
  vendors TEXT NOT NULL,               -- comma separated, lower case
  credential_hash BLOB UNIQUE,         -- SHA-256; the credential itself is nowhere
  banned_boot_id TEXT NOT NULL DEFAULT '',  -- a second life of this node, refused until enrolled anew
  enrolled_ns INTEGER NOT NULL,        -- wall clock
  last_seen_ns INTEGER NOT NULL DEFAULT 0,
  agent_version TEXT NOT NULL DEFAULT '',
  boot_id TEXT NOT NULL DEFAULT '',
  os TEXT NOT NULL DEFAULT '',
  kernel TEXT NOT NULL DEFAULT '',
  architecture TEXT NOT NULL DEFAULT '',
  cpu_model TEXT NOT NULL DEFAULT '',
  cpu_count INTEGER NOT NULL DEFAULT 0,
  memory_bytes INTEGER NOT NULL DEFAULT 0
);

-- Which walls a node stands inside: its cloud with each vendor it was enrolled for.
CREATE TABLE node_partition(
  partition TEXT NOT NULL,
  node INTEGER NOT NULL REFERENCES node(id),
  PRIMARY KEY(partition, node)
) WITHOUT ROWID;

CREATE TABLE epoch(
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES node(id),
  counter INTEGER NOT NULL,
  random BLOB NOT NULL,
  UNIQUE(node, counter)                -- two lives with one number are a clone: refused
);

-- How far each lane of an epoch is applied. Rows of old epochs stay: they tell duplicates of any
-- age from records that never came.
CREATE TABLE watermark(
  epoch INTEGER NOT NULL REFERENCES epoch(id),
  lane INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  chain BLOB NOT NULL,
  PRIMARY KEY(epoch, lane)
) WITHOUT ROWID;

-- What was applied, adjacent rows of the same kind and reason merged. kind 0: records, 1: gap.
CREATE TABLE ledger(
  epoch INTEGER NOT NULL REFERENCES epoch(id),
  lane INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  lost_bytes INTEGER NOT NULL,
  chain BLOB NOT NULL,                 -- at to_seq
  PRIMARY KEY(epoch, lane, from_seq)
) WITHOUT ROWID;

-- Where a later epoch says that this one ended. Rows may move on once more when yet another begins,
-- so what is told with the end of the newest epoch (its counter is `told_by`) counts.
CREATE TABLE epoch_end(
  epoch INTEGER NOT NULL REFERENCES epoch(id),
  lane INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  told_by INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(epoch, lane)
) WITHOUT ROWID;

-- Telemetry that was lost before it was accepted, as the node reported it at its next start.
CREATE TABLE interruption(
  node INTEGER NOT NULL REFERENCES node(id),
  lane INTEGER NOT NULL,
  from_ns INTEGER NOT NULL,            -- wall clock of the node
  to_ns INTEGER NOT NULL,
  PRIMARY KEY(node, lane, from_ns)
) WITHOUT ROWID;

-- The segments as they came, per lane up to a number of bytes. The lane is in the upper bits of the
-- id (lane << 48), so that each lane is one range, appended at its end and pruned at its beginning,
-- without an index. Lane 4 is the source for what goes on to a time-series store; `cursor` says how
-- far each consumer is.
CREATE TABLE archive(
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  encoding INTEGER NOT NULL,
  boottime_ns INTEGER NOT NULL,
  realtime_ns INTEGER NOT NULL,
  synchronised INTEGER NOT NULL,
  bytes BLOB NOT NULL
);
CREATE TABLE archive_lane(
  lane INTEGER PRIMARY KEY,
  next_id INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);
INSERT INTO archive_lane VALUES (0, 0, 0), (1, 281474976710656, 0), (2, 562949953421312, 0),
  (3, 844424930131968, 0), (4, 1125899906842624, 0);
CREATE TABLE cursor(consumer TEXT PRIMARY KEY, archive_id INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE device(
  node INTEGER NOT NULL REFERENCES node(id),
  plugin TEXT NOT NULL,
  key TEXT NOT NULL,
  partition TEXT NOT NULL,             -- derived here; empty: no wall of this node holds it
  vendor TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  uuid TEXT NOT NULL,
  pci TEXT NOT NULL,
  firmware TEXT NOT NULL,
  driver TEXT NOT NULL,
  note TEXT NOT NULL,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  quarantined INTEGER NOT NULL,
  memory_bytes INTEGER NOT NULL,
  present INTEGER NOT NULL,
  first_seen_ns INTEGER NOT NULL,
  last_seen_ns INTEGER NOT NULL,
  verdict INTEGER NOT NULL DEFAULT 0,  -- of record.proto; 0: no check has spoken
  hold INTEGER NOT NULL DEFAULT 0,     -- of record.proto; 0: not held
  hold_why TEXT NOT NULL DEFAULT '',
  hold_by TEXT NOT NULL DEFAULT '',
  hold_since_ns INTEGER NOT NULL DEFAULT 0,  -- wall clock of the node
  PRIMARY KEY(node, plugin, key)
) WITHOUT ROWID;

CREATE TABLE peak(
  node INTEGER NOT NULL,
  plugin TEXT NOT NULL,
  device TEXT NOT NULL,
  dtype TEXT NOT NULL,
  tera_ops REAL NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY(node, plugin, device, dtype)
) WITHOUT ROWID;

CREATE TABLE plugin(
  node INTEGER NOT NULL REFERENCES node(id),
  id TEXT NOT NULL,
  vendor TEXT NOT NULL,
  version TEXT NOT NULL,
  health INTEGER NOT NULL,
  sentence TEXT NOT NULL,
  restarts INTEGER NOT NULL,
  parked_hosts INTEGER NOT NULL,
  PRIMARY KEY(node, id)
) WITHOUT ROWID;

-- The series of a device as its node declared them (the MetricTable record). The id depends on the
-- content, so a table, once known, is good for every segment of the archive.
CREATE TABLE metric_table(
  node INTEGER NOT NULL REFERENCES node(id),
  id INTEGER NOT NULL,
  plugin TEXT NOT NULL,
  device TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY(node, id)
) WITHOUT ROWID;

-- The last values of a device, packed (latest.hh). One row per device, so that a batch of samples
-- costs one write per device.
CREATE TABLE latest(
  node INTEGER NOT NULL REFERENCES node(id),
  plugin TEXT NOT NULL,
  device TEXT NOT NULL,
  metric_table INTEGER NOT NULL,
  readings BLOB NOT NULL,
  PRIMARY KEY(node, plugin, device)
) WITHOUT ROWID;

CREATE TABLE last_event(
  node INTEGER NOT NULL REFERENCES node(id),
  plugin TEXT NOT NULL,
  device TEXT NOT NULL,                -- empty: the node itself
  severity INTEGER NOT NULL,
  reason TEXT NOT NULL,
  sentence TEXT NOT NULL,
  wall_ns INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY(node, plugin, device)
) WITHOUT ROWID;

CREATE TABLE command(
  uuid BLOB PRIMARY KEY,
  node INTEGER NOT NULL,
  partition TEXT NOT NULL,
  payload BLOB NOT NULL,
  signature BLOB NOT NULL,
  key_id TEXT NOT NULL,
  state TEXT NOT NULL,                 -- pending, acked, then the result's word
  sentence TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  finished_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX command_open ON command(node, created_ns) WHERE state = 'pending';

CREATE TABLE token(
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,           -- SHA-256; the token itself is shown once
  role TEXT NOT NULL,                  -- join, viewer, operator, admin
  partition TEXT NOT NULL,             -- empty: all
  cloud TEXT NOT NULL,                 -- of a join token
  vendors TEXT NOT NULL,
  note TEXT NOT NULL,
  uses_left INTEGER NOT NULL,          -- of a join token; -1: any number
  created_ns INTEGER NOT NULL,
  expires_ns INTEGER NOT NULL,         -- 0: never
  revoked INTEGER NOT NULL DEFAULT 0
);
