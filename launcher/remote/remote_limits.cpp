// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/remote_limits.hpp"

#include <algorithm>
#include <thread>

#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t files_per_login = 4;
constexpr std::size_t files_aside = 24;  // for the loop itself, for look-ups and for the start of a login

// A login waits for its host most of the time: with fewer, a small machine idles.
int sane_logins() { return std::clamp(4 * static_cast<int>(std::thread::hardware_concurrency()), 32, 64); }

std::size_t wanted_logins(const RemoteRequest& request) {
  return static_cast<std::size_t>(request.login.at_once > 0 ? request.login.at_once : sane_logins());
}

// With too few descriptors hosts wait in line more often, and nothing fails.
std::size_t usable_files(const FileLimit& files) {
  return files.free() > files_aside ? files.free() - files_aside : 0;
}

}  // namespace

std::size_t wanted_files(const RemoteRequest& request) {
  return (request.login.waiting == nullptr ? 0 : files_of_waiting_logins(request.hosts.size())) +
         request.hosts.size() + request.spare_hosts.size() + wanted_logins(request) * files_per_login +
         files_aside;
}

std::size_t most_logins(const RemoteRequest& request, const FileLimit& files) {
  return std::clamp<std::size_t>(usable_files(files) / 2 / files_per_login, 1, wanted_logins(request));
}

std::size_t most_connections(const RemoteRequest& request, const FileLimit& files) {
  const std::size_t usable = usable_files(files);
  const std::size_t for_logins = most_logins(request, files) * files_per_login;
  return usable > for_logins ? usable - for_logins : 1;
}

}  // namespace smlaunch
