// SPDX-License-Identifier: Apache-2.0
// A dying thread says who it is: with eight calls in progress the exit status alone does not tell
// which device's call brought the process down.
#pragma once

#include <cstdint>

#include "plugin/call_page.hh"

namespace farmhand::host {

// Watches for fatal signals and for `exit` called by the plugin. The page must outlive the process.
void watch_for_death(CallPage& page);

// Names the calling thread; gives it a signal stack, so that even an overflown stack can speak.
void this_thread_is_worker(uint32_t index);
void this_thread_ends();  // of a named one that does not live as long as the process

}  // namespace farmhand::host
