// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/other_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <utility>

#include "base/own_words.hpp"
#include "launcher/remote/become_program.hpp"
#include "launcher/remote/daemon_needs.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/remote/render_ready.hpp"
#include "launcher/session/host_answers.hpp"
#include "launcher/session/run_options.hpp"
#include "launcher/worker/login_command.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

// A worker listens before it starts its host's sshd. Where that sshd was there before, the worker may be a
// little late. On hosts that somebody has named, nobody has promised one.
const char* worker_wait_seconds(const Job& job) { return job.hosts_given ? "0" : "1"; }
// How long telling may take to reach hosts that were not reached before, when there will be no job.
constexpr std::chrono::seconds farewell_bound{3};
constexpr std::chrono::seconds telling_bound{30};
// Time for a login and for end_job_processes().
constexpr std::chrono::seconds cleaning_bound{8};
constexpr std::chrono::milliseconds answer_bound{1000};

// The daemon that mpirun starts on the other hosts. It lies beside mpirun there, as it does here (mpirun(1):
// --prefix).
std::string remote_daemon(const JobSpec& spec) {
  const std::filesystem::path mpirun = spec.mpirun;
  if (!mpirun.is_absolute()) return "";
  return mpirun.parent_path() / (spec.open_mpi.major >= 5 ? "prted" : "orted");
}

ShellsOfMpirun shells_of(const JobSpec& spec) {
  constexpr const char* parameter = "plm_rsh_assume_same_shell";
  ShellsOfMpirun shells{.own = probe_login_shell()};
  for (auto found = spec.mpi.parameters.rbegin(); found != spec.mpi.parameters.rend(); ++found)
    if (found->name == parameter) shells.are_asked = found->value == "0";
  for (const MpirunOption& option : spec.mpi.user.options)
    if (option.name == "mca" && option.values[0] == parameter) shells.are_asked = option.values[1] == "0";
  return shells;
}

void drop_useless_spares(const std::vector<WantedInterface>& wanted, const RemoteReport& report,
                         std::vector<std::string>& spares) {
  for (const HostReadiness& host : report.spare_hosts) {
    const auto problem = find_spare_problem(wanted, host);
    if (!problem) continue;
    say("warning: spare host {} is not counted on: {}", host.name, *problem);
    std::erase(spares, host.name);
  }
}

// Workers that were not reached yet, or that started after our login, would wait for a leader that never
// comes.
void tell_the_rest(HostWaits& waits, RemoteRequest request, const std::string& farewell,
                   const RemoteReport& report, std::function<void()> done) {
  request.hosts.clear();
  request.spare_hosts.clear();
  for (const auto* hosts : {&report.hosts, &report.spare_hosts})
    for (const HostReadiness& host : *hosts)
      if (host.state == ReadyState::waiting || parse_login_answers(host.answer).lacks_worker)
        request.hosts.push_back(host.name);
  if (request.hosts.empty() || farewell.empty()) return done();
  request.login.command = farewell;
  request.login.waiting = nullptr;
  request.timeout = farewell_bound;
  request.login.judge = nullptr;
  request.is_pointless = nullptr;
  waits.run_on_hosts(std::move(request), {.is_farewell = true},
                     [done = std::move(done)](const RemoteReport&) { done(); });
}

void note_slowest(const RemoteReport& report, ReadyResult& result) {
  const auto last =
      std::max_element(report.hosts.begin(), report.hosts.end(),
                       [](const HostReadiness& a, const HostReadiness& b) { return a.seconds < b.seconds; });
  result.slowest_host = last->name;
  result.slowest_seconds = last->seconds;
}

}  // namespace

std::vector<std::string> names_of_hosts(const Job& job) {
  std::vector<std::string> names;
  for (const Host& host : job.cluster.hosts) names.push_back(host.name);
  return names;
}

void print_ready_table(const RemoteReport& report) {
  std::istringstream lines(render_ready_table(report));
  for (std::string line; std::getline(lines, line);) say("{}", line);
}

void add_host_events(const RemoteReport& report, EventLog& events) {
  for (const HostReadiness& host : report.hosts)
    events.add({.event = "host_state",
                .host = host.name,
                .texts = {{"state", to_string(host.state)},
                          {"stage", to_string(host.stage)},
                          {"cause", to_string(host.cause)}}});
}

namespace {

std::string login_command(const Job& job, const std::string& worker,
                          const std::vector<WantedInterface>& wanted, bool leaves_token) {
  std::string command = become_program(quote_shell_word(job.spec.smlaunch)) + " worker";
  if (job.asks_domains) command += fmt::format(" {}", domain_argument);
  if (leaves_token) command += fmt::format(" {}", token_argument);
  for (const WantedInterface& each : wanted) command += " --interface " + quote_shell_word(each.pattern);
  command += fmt::format(" {} {}", worker.empty() ? "-" : worker, worker_wait_seconds(job));
  if (const std::string daemon = remote_daemon(job.spec); !daemon.empty())
    command += " " + quote_shell_word(daemon);
  return command;
}

}  // namespace

RemoteRequest make_ready_request(const Options& options, const Job& job, const std::string& worker,
                                 const std::vector<WantedInterface>& wanted, bool leaves_token) {
  return {.hosts = names_of_hosts(job),
          .spare_hosts = job.spare_hosts,
          .by_slurm = job.spec.by_slurm,
          .own_host = job.environment->current_host,
          .port = options.ssh_port,
          .login = {.command = login_command(job, worker, wanted, leaves_token),
                    .version = SMLAUNCH_VERSION,
                    .judge =
                        [wanted, shells = shells_of(job.spec)](const std::string& answer) {
                          return judge_host_answer(wanted, shells, answer);
                        }},
          .timeout = milliseconds_of(options.ready_timeout)};
}

std::string farewell_command(const Job& job, const std::string& worker) {
  return worker.empty() ? "" : login_command(job, worker, {}, false);
}

void keep_connections(RemoteRequest& request, const std::string& control_path) {
  request.login.keep_connections = true;
  request.login.ssh = {
      "ssh", "-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", "ControlPath=" + control_path};
}

void wait_for_hosts(HostWaits& waits, const std::vector<WantedInterface>& wanted, RemoteRequest request,
                    const std::string& farewell, std::vector<std::string>& spares,
                    const FindFailure& find_failure, EventLog& events, std::function<void(HostsReady)> done) {
  if (find_failure) request.is_pointless = [find_failure] { return find_failure().has_value(); };
  const auto over = [&waits, wanted, request, farewell, &spares, find_failure, &events,
                     done = std::move(done)](RemoteReport report) {
    add_host_events(report, events);
    HostsReady hosts{.result = {}, .report = std::move(report)};
    const RemoteReport& made = hosts.report;
    ReadyResult& result = hosts.result;
    if (made.is_given_up) {
      result.outcome = find_failure();
    } else {
      if (made.stopped_by_signal == 0) drop_useless_spares(wanted, made, spares);
      result.outcome = check_interfaces(wanted, made);
      if (made.ready) {
        note_slowest(made, result);
        events.add({.event = "ready", .numbers = {{"hosts", static_cast<long>(made.hosts.size())}}});
        return done(std::move(hosts));
      }
      print_ready_table(made);
      if (!result.outcome) result.outcome = outcome_of_hosts(made, "waiting for the hosts");
    }
    tell_the_rest(waits, request, farewell, made, [done, hosts] { done(hosts); });
  };
  waits.run_on_hosts(std::move(request), {.is_shown = true}, over);
}

void warn_of_folders(RemoteReport report, const std::string& own_host) {
  for (HostReadiness& host : report.hosts)
    if (host.name == own_host) host.answer = render_login_answers({.noexec_folder = probe_noexec_folder()});
  for (const std::string& sentence : describe_noexec_folders(report)) say("warning: {}", sentence);
}

void tell_hosts(HostWaits& waits, const Options& options, const Job& job, const std::string& worker,
                const std::string& hand_over, bool is_hurried, std::function<void()> done) {
  RemoteRequest request = make_ready_request(options, job, worker, {});
  request.login.input = hand_over;
  request.timeout =
      std::min<std::chrono::milliseconds>(request.timeout, is_hurried ? farewell_bound : telling_bound);
  request.login.judge = nullptr;
  waits.run_on_hosts(std::move(request), {.is_farewell = true},
                     [done = std::move(done)](const RemoteReport&) { done(); });
}

namespace {

// A host that is gone gets no login, and nobody waits for it.
std::vector<std::string> find_answering_hosts(const Options& options, const std::vector<std::string>& hosts) {
  const RemoteRequest look{.hosts = hosts,
                           .port = options.ssh_port,
                           .until = ReadyStage::banner,
                           .timeout = answer_bound,
                           .connect_timeout = answer_bound,
                           .banner_timeout = answer_bound};
  std::vector<std::string> answering;
  for (const HostReadiness& host : run_on_hosts(look).hosts)
    if (host.state == ReadyState::ready) answering.push_back(host.name);
  return answering;
}

}  // namespace

void end_job_on_hosts(const Options& options, const Job& job, const std::vector<std::string>& hosts,
                      const std::string& marker) {
  if (hosts.empty()) return;
  const std::vector<std::string> answering = job.spec.by_slurm ? hosts : find_answering_hosts(options, hosts);
  if (answering.empty()) return;
  run_on_hosts({.hosts = answering,
                .by_slurm = job.spec.by_slurm,
                .port = options.ssh_port,
                .login = {.command = quote_shell_word(job.spec.smlaunch) + " worker --end-job",
                          .input = marker,
                          .version = SMLAUNCH_VERSION},
                .timeout = cleaning_bound});
}

}  // namespace smlaunch
