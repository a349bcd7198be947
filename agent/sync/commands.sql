-- SPDX-License-Identifier: Apache-2.0
-- Commands this node accepted, and what became of them, for ever: a uuid that stands here with a
-- result is never executed again. `attempts` is raised before each start. `result` holds the encoded
-- CommandResult record once there is one; `reported` is set when the outbox has it.
CREATE TABLE command(
  uuid BLOB PRIMARY KEY,
  payload BLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  result BLOB,
  reported INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX command_unreported ON command(uuid) WHERE reported = 0;
