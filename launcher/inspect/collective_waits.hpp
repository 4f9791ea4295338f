// SPDX-License-Identifier: Apache-2.0
// The collectives and calls in which ranks wait, and who has not come to them. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/group_standing.hpp"
#include "launcher/inspect/hang_evidence.hpp"
#include "launcher/inspect/rank_view.hpp"

namespace smlaunch {

// Ranks are indices of the views.
struct Wait {
  NamedCollective in = {};
  std::vector<std::size_t> waiting = {};  // of a wait that is only begun: those that have begun it
  bool is_only_begun = false;             // nobody is seen to wait in it
  std::vector<std::size_t> absent = {};   // have not come
  std::vector<std::size_t> unknown = {};  // nobody knows
  std::size_t unseen = 0;                 // members of the group that none of the views is
  // Those that have come, by what they came to; more than one where they came to different things.
  struct Version {
    std::string op = {};
    std::string sizes = {};
    std::vector<std::size_t> ranks = {};
  };
  std::vector<Version> versions = {};
};

// A process group that ranks have told of.
struct KnownGroup {
  std::string name = {};  // "default", or its own
  bool is_default = false;
  bool counts_from_one = false;
  struct Member {
    std::size_t view = 0;
    GroupStanding standing = {};
  };
  std::vector<Member> members = {};
  std::size_t unseen = 0;  // members that none of the views is
};
// None where two processes say that they are the same rank: then there are several worlds, and their groups cannot be
// told apart.
std::vector<KnownGroup> find_groups(const std::vector<RankView>& views);

// "default", its description, or its name.
std::string name_group(const ToldGroup& group);
// "the default group", "the group tp"; of name_group().
std::string group_in_words(const std::string& group);

NamedCollective name_collective(const KnownGroup& group, const SeenCollective& seen);

// Those in which a rank is seen to wait, groups first; where there is none, those that some have begun and others not.
std::vector<Wait> find_waits(const std::vector<RankView>& views, const std::vector<KnownGroup>& groups);

}  // namespace smlaunch
