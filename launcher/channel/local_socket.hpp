// SPDX-License-Identifier: Apache-2.0
// Unix sockets in the private folders of this host, by which processes of one user and one job find each other.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// Listens in the folders that only this user can enter. A socket of that name that was left there is removed, and so are
// those that others of this kind ("leader-..." of "leader-5f") have left a while ago, who were killed. With `taken_by`,
// somebody who listens there already, stopped or not, is an error, in these words. Errors (Fault::start): this one, or
// there is no such folder.
Result<std::vector<UniqueFd>> listen_locally(const std::string& name, const std::string& taken_by = "");
void remove_local_socket(const std::string& name);

// Not valid: nobody of this user listens there, or nobody is taken in for `bound`. A listener that is stopped takes nobody
// in, and when its queue is full, who comes would wait for as long as it is stopped.
UniqueFd connect_locally(const std::string& name,
                         std::chrono::milliseconds bound = std::chrono::milliseconds(1000));

// Who is at the other end.
ucred peer_of(int fd);
bool is_own_user(int fd);

}  // namespace smlaunch
