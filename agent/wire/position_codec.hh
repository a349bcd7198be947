// SPDX-License-Identifier: Apache-2.0
// Epochs and watermarks to and from protobuf; records and messages share them.
#pragma once

#include "farmhand/v1/record.pb.h"
#include "wire/position.hh"
#include "wire/text.hh"

namespace farmhand::wire {

inline void put(::farmhand::v1::Epoch& out, const Epoch& epoch) {
  out.set_counter(epoch.counter);
  out.set_random(bytes_of(epoch.random));
}

inline bool take(Epoch& out, const ::farmhand::v1::Epoch& in) {
  out.counter = in.counter();
  return take_16(out.random, in.random());
}

inline bool take_lane(uint8_t& out, uint32_t lane) {
  out = static_cast<uint8_t>(lane);
  return lane < kLaneCount;
}

inline void put(::farmhand::v1::Watermark& out, const Watermark& mark) {
  put(*out.mutable_epoch(), mark.epoch);
  out.set_lane(mark.lane);
  out.set_seq(mark.seq);
  out.set_chain(bytes_of(mark.chain));
}

inline bool take(Watermark& out, const ::farmhand::v1::Watermark& in) {
  out.seq = in.seq();
  return take(out.epoch, in.epoch()) && take_lane(out.lane, in.lane()) &&
         take_16(out.chain, in.chain());
}

}  // namespace farmhand::wire
