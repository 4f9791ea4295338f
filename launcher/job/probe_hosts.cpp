// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/probe_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/become_program.hpp"
#include "launcher/remote/ready_display.hpp"
#include "launcher/remote/run_on_hosts.hpp"
#include "mpi/shell_words.hpp"
#include "topology/machine_json.hpp"

namespace smlaunch {

namespace {

constexpr double longest_wait_seconds = 60;
// A machine of a thousand cores is described in less.
constexpr std::size_t longest_answer = 250U << 10U;

std::string question() {
  std::error_code error;
  const std::string smlaunch =
      quote_shell_word(std::filesystem::read_symlink("/proc/self/exe", error).string());
  return fmt::format("{} --version && {} topology --format json", become_program(smlaunch), smlaunch);
}

}  // namespace

Result<Machine> parse_host_answer(const std::string& host, const std::string& answer) {
  const std::size_t begin = answer.find("\n{");
  if (begin == std::string::npos)
    return failure(Fault::configuration, host, "has not said what it is",
                   "run smlaunch topology there by hand");
  return parse_machine_json(std::string_view(answer).substr(begin + 1), host);
}

Result<MachinesByHost> probe_hosts(const Options& options, const std::vector<std::string>& hosts) {
  MachinesByHost machines;
  if (hosts.empty()) return machines;
  const std::chrono::milliseconds bound(
      static_cast<long>(std::min(options.ready_timeout, longest_wait_seconds) * 1000));
  const RemoteReport report = run_shown(
      options.quiet,
      RemoteRequest{
          .hosts = hosts,
          .port = options.ssh_port,
          .login = {.command = question(), .version = SMLAUNCH_VERSION, .longest_answer = longest_answer},
          .timeout = bound});
  if (report.stopped_by_signal != 0) end_by_signal(report.stopped_by_signal);
  Error problems{Fault::not_ready, {}};
  for (const HostReadiness& host : report.hosts) {
    if (host.state != ReadyState::ready) {
      problems.problems.push_back({fmt::format("{} ({})", host.name, to_string(host.stage)),
                                   host.cause == HostCause() ? "does not answer" : to_string(host.cause),
                                   host.remedy + "; without --probe it is assumed to be like this machine"});
      continue;
    }
    auto machine = parse_host_answer(host.name, host.answer);
    if (!machine) {
      problems.problems.insert(problems.problems.end(), machine.error().problems.begin(),
                               machine.error().problems.end());
      continue;
    }
    machines[host.name] = std::make_shared<const Machine>(std::move(*machine));
  }
  if (!problems.problems.empty()) return tl::unexpected(std::move(problems));
  return machines;
}

}  // namespace smlaunch
