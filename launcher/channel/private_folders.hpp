// SPDX-License-Identifier: Apache-2.0
// Folders that only this user can enter: the sockets of waiting smlaunches lie there. Nobody else can take
// one away from us by making it first.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

// Where they may be.
struct PrivatePlaces {
  std::string runtime;             // $XDG_RUNTIME_DIR; empty: there is none
  std::string temporary = "/tmp";  // anybody may write there
};
PrivatePlaces own_private_places();

// Those that there are, runtime's first: in one of them lies whatever lies in any.
std::vector<std::string> find_private_folders(const PrivatePlaces& places);

// With those of another name also where TEMPORARY/smlaunch-UID is ours by now: somebody else may have had it for a while.
// Goes through all of TEMPORARY.
std::vector<std::string> find_all_private_folders(const PrivatePlaces& places);

// RUNTIME/smlaunch where there is a runtime folder of ours, since it is ours alone; and
// TEMPORARY/smlaunch-UID, since a login to this host does not know our environment. Where that is somebody
// else's, or others may enter it, one of another name beside it. Errors (Fault::start): there is no such
// folder, and none can be made.
Result<std::vector<std::string>> make_private_folders(const PrivatePlaces& places);

// Removes those that are empty. Whoever makes a file in one may find it gone, and makes the folder again.
void leave_private_folders(const PrivatePlaces& places);

}  // namespace smlaunch
