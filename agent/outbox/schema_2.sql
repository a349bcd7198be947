-- From version 1 to 2: what the lanes and epochs say of themselves has checksums. Version 1 writes
-- no such column, so it may not have the file back.
ALTER TABLE epoch ADD COLUMN crc INTEGER;
ALTER TABLE epoch_end ADD COLUMN crc INTEGER;
ALTER TABLE lane ADD COLUMN crc INTEGER;
UPDATE meta SET value = 2 WHERE key IN ('version', 'min_reader');
PRAGMA user_version = 2;
