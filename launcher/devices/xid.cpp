// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/xid.hpp"

#include <algorithm>
#include <array>

namespace smlaunch {

namespace {

struct Xid {
  std::uint64_t number;
  const char* words;
  bool is_lasting;
};

constexpr std::array all{
    Xid{8, "the GPU stopped processing", false},
    Xid{13, "an exception of the graphics engine, mostly of the program", false},
    Xid{31, "a page fault of the GPU's memory, mostly of the program", false},
    Xid{32, "a corrupted push buffer", false},
    Xid{38, "a fault of the driver's firmware", false},
    Xid{43, "the GPU stopped processing for the program", false},
    Xid{45, "a process was ended while it used the GPU", false},
    Xid{48, "a double-bit memory error", true},
    Xid{61, "a breakpoint of the GPU's microcontroller", true},
    Xid{62, "a halt of the GPU's microcontroller", true},
    Xid{63, "a memory page or row was retired", false},
    Xid{64, "a memory page or row could not be retired", true},
    Xid{69, "an exception of the graphics engine's class", false},
    Xid{74, "an error of NVLink", true},
    Xid{79, "the GPU has fallen off the bus", true},
    Xid{92, "many corrected memory errors", false},
    Xid{94, "a memory error that hit one program only", false},
    Xid{95, "a memory error that was not contained", true},
    Xid{109, "a time limit of the GPU's context switch", false},
    Xid{119, "the GPU's firmware does not answer", true},
    Xid{120, "an error of the GPU's firmware", true},
    Xid{121, "an error of the link between CPU and GPU", false},
    Xid{140, "a memory error that could not be corrected", true},
};

const Xid* find(std::uint64_t number) {
  const auto* found =
      std::find_if(all.begin(), all.end(), [&](const Xid& each) { return each.number == number; });
  return found == all.end() ? nullptr : found;
}

}  // namespace

std::string xid_words(std::uint64_t xid) {
  const Xid* known = find(xid);
  return known == nullptr ? "" : known->words;
}

bool is_lasting_xid(std::uint64_t xid) {
  const Xid* known = find(xid);
  return known != nullptr && known->is_lasting;
}

bool is_consequence_xid(std::uint64_t xid) { return xid == 43 || xid == 45; }

}  // namespace smlaunch
