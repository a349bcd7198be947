// SPDX-License-Identifier: Apache-2.0
// How the kernel shares out processors, where we have a wish.
#pragma once

namespace farmhand {

// For a thread that works a little and often, and whose wake-ups others wait for: asks for short
// turns on the processor. It gets no more of it in all, but a turn soon after it wakes, also beside
// jobs that use every core (their turns are 3 ms and longer). Threads and processes that it starts
// do not inherit this. Linux 6.12 and later know such a wish; earlier ones take no notice.
void ask_for_short_turns();

}  // namespace farmhand
