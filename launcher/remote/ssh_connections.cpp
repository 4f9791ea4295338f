// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_connections.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/host_name.hpp"
#include "launcher/plan/ssh_sockets.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/session_folders.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {

namespace {

constexpr int close_bound_milliseconds = 2000;
// mpirun gives its processes a second, and then waits for its daemons: for ever for a daemon that does not answer.
constexpr std::chrono::milliseconds starter_bound{4000};
constexpr std::chrono::milliseconds ending_bound{2000};

void remove_folder(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace

Result<SshConnections> SshConnections::open(const std::string& smlaunch, std::string socket) {
  std::string folder = ssh_folder_template;
  if (mkdtemp(folder.data()) == nullptr)
    return failure(Fault::start, ssh_folder_template,
                   fmt::format("cannot be made: {}", std::strerror(errno)));
  SshConnections made(std::move(folder), std::move(socket));
  ChildRequest request;
  request.argv = {smlaunch, "worker", guard_argument, made.folder_, std::to_string(getpid())};
  request.environment = own_environment();
  auto guard = spawn_child(request);
  if (!guard) return failure(Fault::start, smlaunch, guard.error().text);
  made.guard_ = std::move(*guard);
  return made;
}

SshConnections::SshConnections(SshConnections&& other) noexcept
    : folder_(std::exchange(other.folder_, "")),
      socket_(std::move(other.socket_)),
      guard_(std::move(other.guard_)) {}

SshConnections::~SshConnections() {
  if (folder_.empty()) return;
  // The guard may have been ended with our other descendants, and its pid may now be another process's.
  if (guard_.pidfd.valid() && syscall(SYS_pidfd_send_signal, guard_.pidfd.get(), SIGKILL, nullptr, 0) == 0)
    (void)reap(guard_.pid);
  remove_folder(folder_);
}

std::string SshConnections::control_path() const { return folder_ + "/" + socket_; }

bool SshConnections::takes_our_client() const { return socket_ == ssh_socket_by_name; }

int run_connection_guard(const std::string& folder, int parent) {
  const UniqueFd alive(static_cast<int>(syscall(SYS_pidfd_open, parent, 0)));
  // Another process may have the parent's number already.
  if (alive.valid() && getppid() == parent) {
    pollfd end{alive.get(), POLLIN, 0};
    while (poll(&end, 1, -1) < 0 && errno == EINTR) {
    }
  }
  std::vector<std::pair<int, UniqueFd>> starters;
  for (const int pid : find_first_carriers(agent_connections_variable, folder))
    starters.emplace_back(pid, open_pidfd(pid));
  // A stopped mpirun gets SIGHUP at its parent's end (setpgid(2)), and may be gone by now.
  const std::vector<int> noted = find_noted_starters(folder);
  std::error_code ignored;
  for (const auto& socket : std::filesystem::directory_iterator(folder, ignored))
    if (socket.is_socket(ignored) && socket.path().filename() != waiting_socket_name)
      (void)run_captured({"ssh", "-F", "none", "-S", socket.path(), "-O", "exit", "--", "any"},
                         close_bound_milliseconds);
  remove_folder(folder);
  for (const auto& [pid, starter] : starters) {
    kill_daemon_after(starter, starter_bound);
    remove_starter_folders(probe_host_name(), {pid});
  }
  for (const int pid : noted)
    if (is_gone(pid, ending_bound)) remove_starter_folders(probe_host_name(), {pid});
  return 0;
}

}  // namespace smlaunch
