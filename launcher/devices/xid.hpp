// SPDX-License-Identifier: Apache-2.0
// NVIDIA's numbers of GPU errors, as its "XID Errors" page has them. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace smlaunch {

// "the GPU has fallen off the bus"; empty for a number that is not in our table.
std::string xid_words(std::uint64_t xid);

// The GPU, or its host, needs a reset or a repair before it can be trusted again.
bool is_lasting_xid(std::uint64_t xid);

// It only says that a process was ended while it used the GPU: a consequence, also of our own SIGKILL.
bool is_consequence_xid(std::uint64_t xid);

}  // namespace smlaunch
