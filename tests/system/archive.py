# SPDX-License-Identifier: Apache-2.0
"""What a coordinator's store holds, record by record, read from the file while nobody serves it.

It shares no code with the product: the framing is that of agent/outbox/FORMAT.md, the records are
those of sdk/proto/farmhand/v1/record.proto, read as protobuf's wire format.
"""

import sqlite3
import uuid

RECORDS, GAP, MIXED = 0, 1, 2
EVENT, COMMAND_RESULT = 4, 5  # field numbers in Record


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(message):
    """A protobuf message as {field number: last value}; submessages and text stay bytes."""
    found, at = {}, 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
        else:
            size, at = {1: (8, at), 5: (4, at)}.get(tag & 7) or varint(message, at)
            value, at = message[at:at + size], at + size
        found[tag >> 3] = value
    return found


def records_of(kind, first, data):
    """The (seq, bytes) of a segment's records; what a gap stands for is passed over."""
    seq, at = first, 0
    while at < len(data):
        kept = None
        if kind == MIXED:
            kept, at = varint(data, at)
        while at < len(data) and kept != 0:
            size, at = varint(data, at)
            yield seq, data[at:at + size]
            seq, at = seq + 1, at + size
            if kept is not None:
                kept -= 1
        if kind == MIXED and at < len(data):
            dropped, at = varint(data, at)
            seq += dropped
            at += dropped > 0  # the reason


class Archive:
    """The store of a coordinator that has stopped."""

    def __init__(self, state_dir):
        self.db = sqlite3.connect(f"file:{state_dir}/coordinator.db?mode=ro", uri=True)

    def close(self):
        self.db.close()

    def records(self, lane):
        """(epoch row, seq, bytes) of a lane, in the order of arrival."""
        rows = self.db.execute("SELECT epoch, from_seq, kind, bytes FROM archive WHERE id >= ? AND id < ? ORDER BY id",
                               (lane << 48, (lane + 1) << 48))
        for epoch, first, kind, data in rows:
            if kind != GAP:
                for seq, record in records_of(kind, first, data):
                    yield epoch, seq, record

    def events(self):
        """(epoch row, seq, reason, sentence) of lane 1."""
        for epoch, seq, record in self.records(1):
            event = fields(record).get(EVENT)
            if event is not None:
                event = fields(event)
                yield epoch, seq, event.get(6, b"").decode(), event.get(7, b"").decode()

    def results(self):
        """(command's UUID, the record's bytes) of lane 0."""
        for _, _, record in self.records(0):
            result = fields(record).get(COMMAND_RESULT)
            if result is not None:
                yield str(uuid.UUID(bytes=bytes(fields(result)[1]))), record

    def ask(self, question, *values):
        return self.db.execute(question, values).fetchall()
