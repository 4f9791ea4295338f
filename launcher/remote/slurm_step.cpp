// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/slurm_step.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/each_line.hpp"
#include "launcher/remote/ssh_failure.hpp"
#include "launcher/scheduler/srun_command.hpp"

namespace smlaunch {

namespace {

std::vector<std::string> srun_argv(std::size_t hosts) {
  std::vector<std::string> argv = {"env"};
  for (const std::string& name : options_of_the_job()) argv.insert(argv.end(), {"-u", name});
  const std::vector<std::string> step = begin_srun(hosts, hosts);
  argv.insert(argv.end(), step.begin(), step.end());
  argv.emplace_back("--ntasks-per-node=1");
  return argv;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

}  // namespace

std::vector<std::string> make_step_argv(const std::vector<std::string>& hosts, const std::string& command) {
  std::vector<std::string> argv = srun_argv(hosts.size());
  argv.insert(argv.end(), {"--label", fmt::format("--nodelist={}", fmt::join(hosts, ",")), "sh", "-c",
                           "echo \"$SLURMD_NODENAME\"; " + command});
  return argv;
}

std::vector<std::string> make_one_host_argv(const std::string& host, const std::string& command) {
  std::vector<std::string> argv = srun_argv(1);
  argv.insert(argv.end(), {"--input=none", "--nodelist=" + host, "sh", "-c", command});
  return argv;
}

std::map<std::string, std::string> parse_step_output(std::string_view output) {
  std::map<std::string, std::string> hosts;    // of each task's number
  std::map<std::string, std::string> answers;  // of each host
  for_each_line(output, [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string task = trimmed(line.substr(0, colon));
    const std::string_view rest = line.substr(std::min(colon + 2, line.size()));
    if (const auto host = hosts.find(task); host != hosts.end()) {
      answers[host->second] += std::string(rest) + '\n';
    } else {
      hosts[task] = trimmed(rest);
      answers[trimmed(rest)];
    }
  });
  return answers;
}

StepProblems parse_step_problems(std::string_view err) {
  constexpr std::string_view begin = "srun: error: ";
  constexpr std::string_view on_node = "on node ";
  StepProblems problems;
  for_each_line(err, [&](std::string_view line) {
    if (!line.starts_with(begin)) return;
    line.remove_prefix(begin.size());
    const std::size_t at = line.find(on_node);
    if (at == std::string_view::npos) {
      if (problems.of_step.empty()) problems.of_step = to_plain_line(line);
      return;
    }
    const std::string_view rest = line.substr(at + on_node.size());
    problems.of_hosts.emplace(trimmed(rest.substr(0, rest.find_first_of(": ,"))), to_plain_line(line));
  });
  return problems;
}

HostReadiness judge_step_answer(const std::string& host, const std::string* answer,
                                const StepProblems& problems, const RemoteRequest& request) {
  HostReadiness is{.name = host, .state = ReadyState::failed, .stage = ReadyStage::login};
  if (answer == nullptr) {
    const auto own = problems.of_hosts.find(host);
    const std::string& said = own != problems.of_hosts.end() ? own->second : problems.of_step;
    is.cause = said.empty() ? HostCause{.trouble = HostTrouble::step_silent}
                            : HostCause{.trouble = HostTrouble::step_failed, .subject = said};
    is.remedy = fmt::format("see what Slurm says of it: scontrol show node {}", host);
    return is;
  }
  if (request.until != ReadyStage::smlaunch) {
    is.state = ReadyState::ready;
    is.stage = request.until;
    return is;
  }
  is.stage = ReadyStage::smlaunch;
  const auto login = parse_login_answer(*answer, request.login.version, request.login.longest_answer);
  if (!login) {
    is.cause = {.trouble = HostTrouble::smlaunch_silent,
                .detail = to_plain_line(std::string_view(*answer).substr(0, answer->find('\n')))};
    is.remedy = "install smlaunch at the same path on every host";
  } else if (login->version != request.login.version) {
    is.cause = {
        .trouble = HostTrouble::other_version, .subject = login->version, .here = request.login.version};
    is.remedy = "install the same version on every host";
  } else if (auto lacking = request.login.judge ? request.login.judge(login->text) : std::nullopt) {
    is.cause = std::move(lacking->cause);
    is.remedy = std::move(lacking->remedy);
  } else {
    is.state = ReadyState::ready;
    is.answer = login->text;
  }
  return is;
}

}  // namespace smlaunch
