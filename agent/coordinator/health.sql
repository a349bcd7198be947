-- SPDX-License-Identifier: Apache-2.0
-- What the nodes say of their health; a part of schema.sql since version 3.

-- What each check of a device or node concluded last.
CREATE TABLE health(
  node INTEGER NOT NULL REFERENCES node(id),
  device TEXT NOT NULL,                -- its key; empty: the node
  check_name TEXT NOT NULL,
  source TEXT NOT NULL,
  verdict INTEGER NOT NULL,            -- of record.proto: 1 ok, 2 warn, 3 fail, 4 unknown
  reason TEXT NOT NULL,
  sentence TEXT NOT NULL,
  action TEXT NOT NULL,
  evidence TEXT NOT NULL,              -- JSON, as it is shown
  since_ns INTEGER NOT NULL,           -- wall clock
  PRIMARY KEY(node, device, check_name, source)
) WITHOUT ROWID;

-- The transitions themselves, the oldest of all nodes gone above a number of rows. The uuid makes
-- one that comes again, by another epoch of its node, no second one while it is remembered here;
-- within an epoch the watermark sees to that at any age.
CREATE TABLE transition(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid BLOB NOT NULL UNIQUE,
  node INTEGER NOT NULL REFERENCES node(id),
  device TEXT NOT NULL,
  check_name TEXT NOT NULL,
  source TEXT NOT NULL,
  from_verdict INTEGER NOT NULL,
  to_verdict INTEGER NOT NULL,
  reason TEXT NOT NULL,
  sentence TEXT NOT NULL,
  action TEXT NOT NULL,
  evidence TEXT NOT NULL,
  count INTEGER NOT NULL,              -- changes it stands for; above 1: it flapped
  wall_ns INTEGER NOT NULL
);
CREATE INDEX transition_time ON transition(wall_ns);
