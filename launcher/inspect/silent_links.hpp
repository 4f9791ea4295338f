// SPDX-License-Identifier: Apache-2.0
// Between which hosts of a job that hangs bytes do not get through: what the kernels of both say of the ranks' TCP
// connections, compared. Pure. Which of two hosts is to blame, or what lies between them, nobody can tell from that.
#pragma once

#include <string>
#include <vector>

#include "launcher/inspect/hang_report.hpp"

namespace smlaunch {

// What a rank of one has sent to the other has not been acknowledged for at least so long. Both names may be the same.
struct SilentLink {
  std::string one = {};  // in the order of their names
  std::string other = {};
  double seconds = 0;
};

// Each two hosts once, in the order of their names. An address that is of no rank, or of the ranks of several hosts, counts
// for none.
std::vector<SilentLink> find_silent_links(const std::vector<RankLook>& looks);

// The host that is at an end of all of these links, where there are several; else the hosts of the only link. Empty:
// there is none, or they have no host in common.
std::vector<std::string> find_suspects(const std::vector<SilentLink>& links);

// "what is sent between algo-3 and algo-1, algo-2 has not been acknowledged for 11 s"; empty: there is no such link.
std::string describe_silent_links(const std::vector<SilentLink>& links);

}  // namespace smlaunch
