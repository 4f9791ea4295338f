// SPDX-License-Identifier: Apache-2.0
// What the logins of the other hosts have answered, and what follows from it for the job. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// This machine's login shell, and whether mpirun asks for the other hosts' shells (plm_rsh_assume_same_shell
// 0).
struct ShellsOfMpirun {
  std::string own = {};
  bool are_asked = false;
};

// Why a host can never be ready though its smlaunch answers: Open MPI's daemon is not there, or lacks what
// it needs (daemon_needs.hpp), or one of the interfaces cannot be used. Nothing: the host has all. `lines`:
// the output of run_login_command().
std::optional<HostProblem> judge_host_answer(const std::vector<WantedInterface>& wanted,
                                             const ShellsOfMpirun& shells, const std::string& lines);

// The outcome where interfaces of hosts cannot carry the job; nothing: all of them can.
std::optional<Outcome> check_interfaces(const std::vector<WantedInterface>& wanted,
                                        const RemoteReport& report);

// Why a spare host is not counted on; nothing: it is.
std::optional<std::string> find_spare_problem(const std::vector<WantedInterface>& wanted,
                                              const HostReadiness& spare);

// What the hosts, spare ones too, have told of their NVLink domains.
void note_domains(const RemoteReport& report, HostDomains& domains);

// Which hosts' temporary folders run no programs, in sentences; empty where all of them do.
std::vector<std::string> describe_noexec_folders(const RemoteReport& report);

// The outcome of a wait after which not all hosts were ready. `doing`: "waiting for the hosts".
Outcome outcome_of_hosts(const RemoteReport& report, const std::string& doing);

}  // namespace smlaunch
