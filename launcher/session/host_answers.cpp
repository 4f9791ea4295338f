// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/host_list.hpp"
#include "launcher/job/job_interface.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/process/exit_status.hpp"
#include "launcher/remote/daemon_needs.hpp"
#include "launcher/remote/login_answers.hpp"

namespace smlaunch {

namespace {

std::string in_words(const std::vector<WantedInterface>& wanted, const InterfaceAnswer& answer) {
  return answer.wanted < wanted.size()
             ? fmt::format("{} {}", to_string(wanted[answer.wanted]), answer.problem)
             : answer.problem;
}

}  // namespace

std::optional<HostProblem> judge_host_answer(const std::vector<WantedInterface>& wanted,
                                             const ShellsOfMpirun& shells, const std::string& lines) {
  const LoginAnswers answers = parse_login_answers(lines);
  if (answers.lacks_daemon)
    return HostProblem{.cause = {.trouble = HostTrouble::daemon_missing},
                       .remedy = "install the same Open MPI at the same path"};
  if (answers.daemon_problem)
    return HostProblem{.cause = {.trouble = HostTrouble::daemon_broken, .subject = *answers.daemon_problem},
                       .remedy = "install the same Open MPI there, with all its libraries"};
  if (auto problem = find_shell_problem(shells.own, answers.shell, shells.are_asked))
    return HostProblem{.cause = std::move(*problem),
                       .remedy = "give that user a shell as here: chsh -s /bin/bash"};
  if (answers.folder_problem)
    return HostProblem{
        .cause = {.trouble = HostTrouble::folder_not_writable, .subject = *answers.folder_problem},
        .remedy = "make room, mount it writable, or set TMPDIR for that user's logins"};
  if (answers.token_problem)
    return HostProblem{.cause = {.trouble = HostTrouble::worker_cannot_start,
                                 .subject = "the job's token cannot be left: " + *answers.token_problem},
                       .remedy = "make room in /tmp, or mount it writable"};
  for (const InterfaceAnswer& problem : answers.interfaces) {
    if (problem.wanted >= wanted.size()) continue;
    const Error error = interface_error("", wanted[problem.wanted], problem.problem, problem.usable);
    return HostProblem{
        .cause = {.trouble = HostTrouble::interface_unusable, .subject = in_words(wanted, problem)},
        .remedy = error.problems.front().remedy};
  }
  return {};
}

std::optional<Outcome> check_interfaces(const std::vector<WantedInterface>& wanted,
                                        const RemoteReport& report) {
  std::vector<std::string> lines;
  for (const HostReadiness& host : report.hosts) {
    for (const InterfaceAnswer& answer : parse_login_answers(host.answer).interfaces) {
      if (answer.wanted >= wanted.size()) continue;
      const Error error = interface_error(host.name, wanted[answer.wanted], answer.problem, answer.usable);
      lines.push_back(to_string(error.problems.front()));
    }
  }
  if (lines.empty()) return {};
  return make_failure(FailureClass::configuration, fmt::format("{}", fmt::join(lines, "\n")));
}

std::optional<std::string> find_spare_problem(const std::vector<WantedInterface>& wanted,
                                              const HostReadiness& spare) {
  const auto problems = parse_login_answers(spare.answer).interfaces;
  if (!problems.empty()) return in_words(wanted, problems.front());
  return spare.state == ReadyState::ready ? std::nullopt : std::optional(to_string(spare.cause));
}

void note_domains(const RemoteReport& report, HostDomains& domains) {
  for (const auto* hosts : {&report.hosts, &report.spare_hosts})
    for (const HostReadiness& host : *hosts)
      if (const auto domain = parse_nvlink_domain(parse_login_answers(host.answer).nvlink_domain))
        domains[host.name] = *domain;
}

std::vector<std::string> describe_noexec_folders(const RemoteReport& report) {
  std::map<std::string, std::vector<std::string>> hosts;  // of each folder
  for (const HostReadiness& host : report.hosts)
    if (const std::string folder = parse_login_answers(host.answer).noexec_folder; !folder.empty())
      hosts[folder].push_back(host.name);
  std::vector<std::string> sentences;
  for (const auto& [folder, names] : hosts)
    sentences.push_back(
        fmt::format("{}: {} is mounted noexec: what the job compiles there (torch.compile, Triton, C++ "
                    "extensions) cannot be loaded; mount it without noexec, or set TMPDIR for the job",
                    join_names(names), folder));
  return sentences;
}

Outcome outcome_of_hosts(const RemoteReport& report, const std::string& doing) {
  if (report.stopped_by_signal != 0)
    return make_stopped(report.stopped_by_signal,
                        fmt::format("stopped by {} while {}", signal_name(report.stopped_by_signal), doing));
  std::string first;
  int missing = 0;
  for (const HostReadiness& host : report.hosts) {
    if (host.state == ReadyState::ready) continue;
    ++missing;
    // A host that can never be ready is the reason to stop, even where other hosts are still missing.
    if (first.empty() || host.state == ReadyState::failed)
      first = fmt::format("{} ({}): {}", host.name, to_string(host.stage), to_string(host.cause));
  }
  Outcome outcome =
      make_failure(FailureClass::not_ready, fmt::format("{} of {} hosts not ready after {:.1f} s; {}",
                                                        missing, report.hosts.size(), report.seconds, first));
  const bool hopeless = std::any_of(report.hosts.begin(), report.hosts.end(), [](const HostReadiness& host) {
    return host.state == ReadyState::failed;
  });
  for (const HostReadiness& host : report.hosts)
    if (host.state == ReadyState::failed || (!hopeless && host.state == ReadyState::waiting))
      outcome.hosts_at_fault.push_back(host.name);
  return outcome;
}

}  // namespace smlaunch
