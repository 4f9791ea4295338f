// SPDX-License-Identifier: Apache-2.0
// The SageMaker toolkit's command, in its order, with these changes:
// - btl ^openib,ofi instead of ^openib: a list on the command line undoes the one in Debian's configuration,
// and the
//   ofi transport that comes back costs a job more than a second;
// - short TCP keepalives between mpirun and its daemons: a silent host is noticed in about 12 seconds, not 8
// minutes;
// - ssh never asks anything, and gives up on a host that accepts and says nothing;
// - whole names are kept where they hold a dot: else a.one and a.two are one host, `a`, to Open MPI;
// - smddp, too, is mapped by slot and not bound: the plan counts on it, and our agents bind;
// - no LD_PRELOAD of a library that invents host names.
#include "mpi/mpirun.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "mpi/mpirun_options.hpp"
#include "mpi/schedulers.hpp"

namespace smlaunch {
namespace {

// The kernel takes at most 131,072 bytes in one argument; --host may be repeated, and the lists are joined.
constexpr std::size_t longest_host_list = 100'000;
// mpirun's own default for ssh processes at a time.
constexpr std::size_t most_logins_at_once = 128;
constexpr const char* loopback_interface = "lo";

MpirunOption mca(std::string parameter, std::string value) {
  return {"mca", {std::move(parameter), std::move(value)}};
}

// Without ":N" where every host has one slot, as the toolkit; Open MPI 4 counts one slot for a bare name.
std::vector<MpirunOption> host_options(const std::vector<std::pair<std::string, int>>& hosts) {
  const bool bare =
      std::all_of(hosts.begin(), hosts.end(), [](const auto& host) { return host.second == 1; });
  std::vector<MpirunOption> options;
  for (const auto& [name, slots] : hosts) {
    const std::string entry = bare ? name : fmt::format("{}:{}", name, slots);
    if (options.empty() || options.back().values[0].size() + entry.size() >= longest_host_list) {
      options.push_back({"host", {entry}});
    } else {
      options.back().values[0] += "," + entry;
    }
  }
  return options;
}

bool has_domain(const std::string& name) {
  return name.find('.') != std::string::npos && name.find_first_not_of("0123456789.") != std::string::npos;
}

// ssh keeps the first value it is given, so the user's own arguments, put before these, win.
std::string ssh_arguments(int port, const std::string& control_path) {
  std::string arguments = "-o BatchMode=yes -o ConnectTimeout=10";
  if (port != 22) arguments += fmt::format(" -p {}", port);
  if (!control_path.empty()) arguments += fmt::format(" -o ControlPath={}", control_path);
  return arguments;
}

// Slurm ends what a step has left behind, so mpirun's daemons must stay what their agent has started; then every
// agent runs as long as the job. Open MPI's own Slurm modules take the allocation's first hosts for whatever
// hosts they are given, and must not have a say.
void add_remote_agent(const MpirunRequest& request, std::vector<MpirunOption>& options) {
  options.push_back(mca("plm", request.version.major >= 5 ? "ssh" : "rsh"));
  options.push_back(mca("plm_rsh_agent", request.remote_agent));
  options.push_back(mca("ras", "^slurm"));
  options.push_back(mca("orte_leave_session_attached", "1"));
}

std::vector<MpirunOption> our_options(const MpirunRequest& request) {
  std::vector<MpirunOption> options = {{"allow-run-as-root", {}}};
  const bool mpi = request.style == MpirunStyle::mpi;
  if (mpi) options.push_back({"display-map", {}});
  options.push_back({"tag-output", {}});
  if (request.oversubscribe || !mpi) options.push_back({"oversubscribe", {}});
  for (const std::string traffic : {"btl", "oob"}) {
    // PRRTE, under Open MPI 5, refuses to talk over loopback alone, and needs not be told where that is all.
    if (traffic == "oob" && request.version.major >= 5 && request.tcp_include == loopback_interface) continue;
    if (!request.tcp_include.empty())
      options.push_back(mca(fmt::format("{}_tcp_if_include", traffic), request.tcp_include));
    else if (!request.tcp_exclude.empty())
      options.push_back(mca(fmt::format("{}_tcp_if_exclude", traffic), request.tcp_exclude));
  }
  if (request.remote_agent.empty())
    for (MpirunOption& option : options_against(request.schedulers)) options.push_back(std::move(option));
  options.push_back(mca("plm_rsh_no_tree_spawn", "1"));
  options.push_back({"bind-to", {"none"}});
  options.push_back({"map-by", {"slot"}});
  options.push_back(mca("pml", "ob1"));
  options.push_back(mca("btl", "^openib,ofi"));
  options.push_back(mca("orte_abort_on_non_zero_status", "1"));
  options.push_back(mca("btl_vader_single_copy_mechanism", "none"));
  if (request.hosts.size() > 1) {
    options.push_back(
        mca("plm_rsh_num_concurrent",
            std::to_string(request.remote_agent.empty() ? std::min(request.hosts.size(), most_logins_at_once)
                                                        : request.hosts.size())));
  }
  if (request.remote_agent.empty())
    options.push_back(mca("plm_rsh_args", ssh_arguments(request.ssh_port, request.ssh_control_path)));
  else
    add_remote_agent(request, options);
  options.push_back(mca("oob_tcp_keepalive_time", "5"));
  options.push_back(mca("oob_tcp_keepalive_intvl", "2"));
  options.push_back(mca("oob_tcp_keepalive_probes", "3"));
  if (std::any_of(request.hosts.begin(), request.hosts.end(),
                  [](const auto& host) { return has_domain(host.first); })) {
    options.push_back(mca("orte_keep_fqdn_hostnames", "1"));
  }
  if (request.oversubscribed_cores) options.push_back(mca("mpi_yield_when_idle", "1"));
  return options;
}

// The program that an agent setting names: "ssh : rsh" and "/usr/bin/ssh -v" are ssh.
bool is_ssh(std::string_view agent) {
  agent = agent.substr(0, agent.find_first_of(" :"));
  if (const std::size_t slash = agent.rfind('/'); slash != std::string_view::npos)
    agent.remove_prefix(slash + 1);
  return agent == "ssh";
}

// The user's ssh arguments come first and ours fill in what they leave open; another program than ssh gets
// none.
void merge_ssh_arguments(UserOptions& user, std::vector<MpirunOption>& ours) {
  const auto is_arguments = [](const MpirunOption& option) {
    return option_key(option) == "mca plm_rsh_args";
  };
  const auto own = std::find_if(ours.begin(), ours.end(), is_arguments);
  if (own == ours.end()) return;
  for (const MpirunOption& option : user.options) {
    if (option_key(option) != "mca plm_rsh_agent" || is_ssh(option.values[1])) continue;
    user.notes.push_back(
        fmt::format("your {} replaces ssh: it is given no ssh arguments of ours", to_string(option)));
    ours.erase(own);
    return;
  }
  const auto theirs = std::find_if(user.options.begin(), user.options.end(), is_arguments);
  if (theirs == user.options.end()) return;
  theirs->values[1] += " " + own->values[1];
  ours.erase(own);
}

// What the container's own OMPI_MCA_* and the user's file of parameters say, ours need not: mpirun takes the
// command line's word over theirs, and aborts where one includes interfaces and the other excludes some. The
// file that comes with Open MPI gives way to ours but for the latter: Debian's chooses components there that
// the toolkit's command line has always chosen otherwise.
void yield_to_parameters(const MpirunRequest& request, UserOptions& user, std::vector<MpirunOption>& ours) {
  for (const SetParameter& parameter : request.settings.parameters) {
    const std::string key = option_key(mca(parameter.name, parameter.value));
    if (parameter.is_of_system && !key.ends_with("_if_include")) continue;
    const auto replaced = std::find_if(ours.begin(), ours.end(),
                                       [&](const MpirunOption& option) { return option_key(option) == key; });
    if (replaced == ours.end()) continue;
    user.notes.push_back(fmt::format("{} replaces ours: {}", to_string(parameter), to_string(*replaced)));
    ours.erase(replaced);
  }
}

// Who gives hosts and who starts daemons is one decision.
void leave_schedulers_to_user(const MpirunRequest& request, UserOptions& user,
                              std::vector<MpirunOption>& ours) {
  if (request.schedulers.empty() || !request.remote_agent.empty()) return;
  const auto decides = [](std::string_view parameter) { return parameter == "ras" || parameter == "plm"; };
  const bool is_said =
      std::any_of(
          user.options.begin(), user.options.end(),
          [&](const MpirunOption& option) { return option.name == "mca" && decides(option.values[0]); }) ||
      std::any_of(
          request.settings.parameters.begin(), request.settings.parameters.end(),
          [&](const SetParameter& parameter) { return !parameter.is_of_system && decides(parameter.name); });
  if (is_said)
    std::erase_if(
        ours, [&](const MpirunOption& option) { return option.name == "mca" && decides(option.values[0]); });
  else
    user.notes.push_back(
        fmt::format("this is a job of {}: mpirun takes neither hosts nor starts daemons by it",
                    fmt::join(request.schedulers, " and ")));
}

// mpirun aborts where -x stands beside a list of variables, and one in a file cannot be taken away. The
// command line's list is taken instead of it.
void list_variables(std::vector<MpirunOption>& options) {
  std::string names;
  for (const MpirunOption& option : options)
    if (option.name == "x") names += (names.empty() ? "" : ";") + option.values[0];
  std::erase_if(options, [](const MpirunOption& option) { return option.name == "x"; });
  options.push_back(mca(environment_list, names));
}

// Beside our -bind-to none a request for certain CPUs is void (an error, in 5), and a mapping to cores or
// sockets is no more than an order of the ranks.
void leave_binding_to_mpirun(UserOptions& user, std::vector<MpirunOption>& ours) {
  const auto is_binding = [](const MpirunOption& option) { return option.name == "bind-to"; };
  if (user.binding == UserBinding::not_said ||
      std::any_of(user.options.begin(), user.options.end(), is_binding))
    return;
  std::erase_if(ours, is_binding);
  // A list of CPUs is a mapping of its own to Open MPI 4, which aborts at a second.
  if (std::any_of(user.options.begin(), user.options.end(),
                  [](const MpirunOption& option) { return option.name == "cpu-list"; }))
    std::erase_if(ours, [](const MpirunOption& option) { return option.name == "map-by"; });
  user.notes.push_back(
      user.binding == UserBinding::on
          ? fmt::format("your {} asks for CPUs: mpirun binds the ranks, not smlaunch", user.binding_option)
          : fmt::format("your {} maps ranks to hardware: mpirun binds them by its default, not smlaunch",
                        user.binding_option));
}

std::string values_of(const MpirunOption& option) {
  if (option.name == "mca") return option.values[1];
  return option.values.empty() ? to_string(option) : option.values[0];
}

std::vector<MpirunOption> merge(std::vector<MpirunOption> ours, UserOptions& user) {
  std::unordered_map<std::string, const MpirunOption*> by_key;
  for (const MpirunOption& option : user.options) by_key.emplace(option_key(option), &option);
  std::vector<MpirunOption> merged;
  for (MpirunOption& option : ours) {
    const auto theirs = by_key.find(option_key(option));
    if (theirs == by_key.end()) {
      merged.push_back(std::move(option));
    } else if (*theirs->second != option) {
      user.notes.push_back(
          fmt::format("your {} replaces ours: {}", to_string(*theirs->second), values_of(option)));
    }
  }
  merged.insert(merged.end(), user.options.begin(), user.options.end());
  return merged;
}

// Each name once, with its value if we have one.
std::vector<MpirunOption> our_exports(const MpirunRequest& request) {
  std::unordered_set<std::string> named;
  std::vector<MpirunOption> options;
  for (const auto& [name, value] : request.exported_values) {
    if (named.insert(name).second) options.push_back({"x", {fmt::format("{}={}", name, value)}});
  }
  for (const std::string& name : request.exported) {
    if (named.insert(name).second) options.push_back({"x", {name}});
  }
  return options;
}

std::vector<Problem> problems_of(const MpirunRequest& request) {
  std::vector<Problem> problems;
  for (const auto& [name, slots] : request.hosts) {
    if (name.find(':') == std::string::npos) continue;
    problems.push_back({fmt::format("host {}", name), "mpirun's --host takes no IPv6 address",
                        "give the host by a name that resolves to the address"});
  }
  return problems;
}

}  // namespace

Result<MpirunCommand> mpirun_command(const MpirunRequest& request) {
  if (request.hosts.empty() || request.processes < 1) {
    return failure(Fault::internal, "mpirun", "a command for no host or no rank was asked for");
  }
  std::vector<Problem> problems = problems_of(request);
  if (!problems.empty()) return tl::unexpected<Error>(Error{Fault::configuration, std::move(problems)});

  std::vector<MpirunOption> ours = our_options(request);
  const std::vector<MpirunOption> variables = our_exports(request);
  ours.insert(ours.end(), variables.begin(), variables.end());
  UserOptions user = all_options(request.settings);
  leave_schedulers_to_user(request, user, ours);
  yield_to_parameters(request, user, ours);
  merge_ssh_arguments(user, ours);
  leave_binding_to_mpirun(user, ours);
  std::vector<MpirunOption> options = host_options(request.hosts);
  options.push_back({"np", {std::to_string(request.processes)}});
  const std::vector<MpirunOption> merged = merge(std::move(ours), user);
  options.insert(options.end(), merged.begin(), merged.end());
  if (lists_variables_in_a_file(request.settings)) list_variables(options);

  MpirunCommand command;
  command.argv.push_back(request.mpirun);
  const std::vector<std::string> words = render_options(options, request.version);
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.argv.insert(command.argv.end(), request.program.begin(), request.program.end());
  command.user_binding = user.binding;
  command.user_binding_option = std::move(user.binding_option);
  command.user_maps = !user.moving_options.empty();
  for (const std::string& option : user.moving_options)
    user.warnings.push_back(
        fmt::format("your {} may place ranks on other hosts than the plan shows", option));
  command.working_directory = std::move(user.working_directory);
  command.user_variables = std::move(user.variables);
  command.user_exported = std::move(user.exported);
  command.notes = std::move(user.notes);
  command.warnings = std::move(user.warnings);
  return command;
}

}  // namespace smlaunch
