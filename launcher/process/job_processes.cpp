// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/job_processes.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "launcher/process/agent_variables.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/process_variable.hpp"
#include "launcher/process/rank_cgroup.hpp"

namespace smlaunch {

namespace {

constexpr int daemon_bound_milliseconds = 1000;

std::vector<int> find_carriers(const std::string& name, const std::string& value) {
  std::vector<int> found;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const std::string file = process.path().filename();
    int pid = 0;
    const auto [end, bad] = std::from_chars(file.data(), file.data() + file.size(), pid);
    if (bad != std::errc() || end != file.data() + file.size() || pid == getpid()) continue;
    if (read_process_variable(pid, name) == value) found.push_back(pid);
  }
  return found;
}

void end_marked_processes(const std::string& job, std::chrono::milliseconds grace) {
  const auto start = std::chrono::steady_clock::now();
  for (const int pid : find_job_processes(job)) kill(pid, SIGTERM);
  while (!find_job_processes(job).empty() && std::chrono::steady_clock::now() - start < grace)
    poll(nullptr, 0, 20);
  while (std::chrono::steady_clock::now() - start < grace + std::chrono::seconds(2)) {
    const auto left = find_job_processes(job);
    if (left.empty()) return;
    for (const int pid : left) kill(pid, SIGKILL);
    poll(nullptr, 0, 20);
  }
}

}  // namespace

std::vector<int> find_job_processes(const std::string& job) {
  return find_carriers(job_marker_variable, job);
}

std::vector<int> find_first_carriers(const std::string& name, const std::string& value) {
  const std::vector<int> carriers = find_carriers(name, value);
  std::vector<int> first;
  for (const int pid : carriers)
    if (const auto stat = read_proc_stat(pid);
        stat && std::find(carriers.begin(), carriers.end(), stat->parent) == carriers.end())
      first.push_back(pid);
  return first;
}

void end_job_processes(const std::string& job, std::chrono::milliseconds grace) {
  end_marked_processes(job, grace);
  end_job_cgroups(job);  // finds processes that have cleared their environment
}

UniqueFd open_parent_daemon(int pid) {
  const auto stat = read_proc_stat(pid);
  if (!stat) return {};
  UniqueFd daemon(static_cast<int>(syscall(SYS_pidfd_open, stat->parent, 0)));
  std::string name;
  std::ifstream file("/proc/" + std::to_string(stat->parent) + "/comm");
  if (!std::getline(file, name) || (name != "orted" && name != "prted")) return {};
  return daemon;
}

void end_daemon(const UniqueFd& daemon) {
  if (!daemon.valid()) return;
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (syscall(SYS_pidfd_send_signal, daemon.get(), signal, nullptr, 0) != 0) return;
    pollfd end{daemon.get(), POLLIN, 0};
    if (poll(&end, 1, daemon_bound_milliseconds) > 0) return;
  }
}

void kill_daemon_after(const UniqueFd& daemon, std::chrono::milliseconds bound) {
  if (!daemon.valid()) return;
  pollfd end{daemon.get(), POLLIN, 0};
  if (poll(&end, 1, static_cast<int>(bound.count())) > 0) return;
  syscall(SYS_pidfd_send_signal, daemon.get(), SIGKILL, nullptr, 0);
  poll(&end, 1, daemon_bound_milliseconds);
}

void wait_for_job_processes(const std::string& job, std::chrono::milliseconds bound) {
  const auto start = std::chrono::steady_clock::now();
  while (!find_job_processes(job).empty() && std::chrono::steady_clock::now() - start < bound)
    poll(nullptr, 0, 20);
}

void end_parent_daemon(const std::string& job, std::chrono::milliseconds bound) {
  const UniqueFd daemon = open_parent_daemon(getpid());
  if (!daemon.valid()) return;
  wait_for_job_processes(job, bound);
  end_daemon(daemon);
}

}  // namespace smlaunch
