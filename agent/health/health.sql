-- SPDX-License-Identifier: Apache-2.0
-- What a node must not forget of its health. Times are wall-clock ns. `verdict` has the ABI's
-- numbers. `reported` is set when the outbox has the transition: what is not reported is reported
-- again with the same uuid at the next start.
CREATE TABLE health_check(
  subject TEXT NOT NULL,          -- a device's key; empty: the node
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  verdict INTEGER NOT NULL,
  reason TEXT NOT NULL,
  sentence TEXT NOT NULL,
  action TEXT NOT NULL,
  since_realtime INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  PRIMARY KEY(subject, source, name)
) WITHOUT ROWID;
CREATE TABLE health_transition(
  id INTEGER PRIMARY KEY,
  uuid BLOB NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  from_verdict INTEGER NOT NULL,
  to_verdict INTEGER NOT NULL,
  reason TEXT NOT NULL,
  sentence TEXT NOT NULL,
  action TEXT NOT NULL,
  evidence BLOB NOT NULL,         -- health/evidence.hh
  count INTEGER NOT NULL,
  boottime INTEGER NOT NULL,
  realtime INTEGER NOT NULL,
  reported INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX health_unreported ON health_transition(id) WHERE reported = 0;
CREATE TABLE health_hold(
  subject TEXT PRIMARY KEY,
  kind INTEGER NOT NULL,
  why TEXT NOT NULL,
  who TEXT NOT NULL,
  since_realtime INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE health_expected(
  device TEXT PRIMARY KEY,        -- its key
  vendor TEXT NOT NULL,
  model TEXT NOT NULL,
  pci TEXT NOT NULL,
  numa_node INTEGER NOT NULL,
  number INTEGER NOT NULL         -- the vendor's, for display
) WITHOUT ROWID;
