// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/group_result.hpp"

#include <fmt/format.h>

namespace smlaunch {

std::string describe_trouble(const GroupResult& group) {
  switch (group.trouble) {
    case GroupTrouble::none: return "";
    case GroupTrouble::rank_failed: return group.words;
    case GroupTrouble::wrong_sums: return fmt::format("{} wrong elements", group.wrong_elements);
    case GroupTrouble::no_answer: return "no answer in time";
    case GroupTrouble::did_not_begin: return "did not begin in time";
  }
  return "";
}

}  // namespace smlaunch
