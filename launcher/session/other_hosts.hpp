// SPDX-License-Identifier: Apache-2.0
// What a run needs from its other hosts: they must be there, and (where smlaunch waits on them) know the job.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/remote/host_waits.hpp"

namespace smlaunch {

// The hosts that run ranks of the job.
std::vector<std::string> names_of_hosts(const Job& job);

// Says on stderr which hosts are not ready, why, and what to do.
void print_ready_table(const RemoteReport& report);

// An event for each host: its state at the end of a wait.
void add_host_events(const RemoteReport& report, EventLog& events);

// The request for the hosts that run ranks of the job, without a hand-over. `worker`: worker_socket_name(),
// or empty. `wanted`: LaunchPlan::wanted_interfaces. `leaves_token`: the hand-over's token stays there for agents that
// mpirun starts.
RemoteRequest make_ready_request(const Options& options, const Job& job, const std::string& worker,
                                 const std::vector<WantedInterface>& wanted, bool leaves_token = false);

// Run by the same stdin on hosts that are only told that there will be no job; empty: none is told.
std::string farewell_command(const Job& job, const std::string& worker);

// Leaves each login's connection open for a minute, so that mpirun can start its daemon over it: a second
// login costs both hosts more than the daemon itself.
void keep_connections(RemoteRequest& request, const std::string& control_path);

struct HostsReady {
  ReadyResult result;
  RemoteReport report;
};

// Finds a failure that makes waiting pointless; nothing: go on. May be empty.
using FindFailure = std::function<std::optional<Outcome>()>;

// Waits for the hosts, with a live line on stderr. No outcome: all are ready, and the interfaces can carry
// the job on each. Otherwise the table is on stderr, too. Warns of spare hosts that are of no use, and takes
// them out of `spares`.
void wait_for_hosts(HostWaits& waits, const std::vector<WantedInterface>& wanted, RemoteRequest request,
                    const std::string& farewell, std::vector<std::string>& spares,
                    const FindFailure& find_failure, EventLog& events, std::function<void(HostsReady)> done);

// Says which hosts' temporary folder runs no programs: we and Open MPI do without; a program that a job compiles there
// does not run.
void warn_of_folders(RemoteReport report, const std::string& own_host);

// Brings the hand-over to the workers of the other hosts, so that they learn that there will be no job. It
// takes half a minute at most, or some seconds where `is_hurried`.
void tell_hosts(HostWaits& waits, const Options& options, const Job& job, const std::string& worker,
                const std::string& hand_over, bool is_hurried, std::function<void()> done);

// Ends all processes that carry the job's marker on these hosts, on all at once, for some seconds at most.
// Their agents were killed, and no smlaunch waits there to do it.
void end_job_on_hosts(const Options& options, const Job& job, const std::vector<std::string>& hosts,
                      const std::string& marker);

}  // namespace smlaunch
