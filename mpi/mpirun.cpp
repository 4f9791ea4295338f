// SPDX-License-Identifier: Apache-2.0
// Our options and the user's become one command line: where both say the same thing, the user's stands.
#include "mpi/mpirun.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "mpi/mpirun_options.hpp"
#include "mpi/own_options.hpp"
#include "mpi/schedulers.hpp"

namespace smlaunch {
namespace {

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
    const std::string key = option_key({"mca", {parameter.name, parameter.value}});
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
  options.push_back({"mca", {environment_list, names}});
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

std::vector<Problem> problems_of(const MpirunRequest& request) {
  std::vector<Problem> problems;
  // Both measured with 4.1.4, which writes the names of several hosts as patterns.
  const bool has_patterns = request.version.major < 5 && request.hosts.size() > 1;
  constexpr std::size_t longest_beginning = 56;
  for (const auto& [name, slots] : request.hosts) {
    const auto add = [&name = name, &problems](std::string what, const char* remedy) {
      problems.push_back({fmt::format("host {}", name), std::move(what), remedy});
    };
    if (name.find(':') != std::string::npos)
      add("mpirun's --host takes no IPv6 address", "give the host by a name that resolves to the address");
    else if (has_patterns && name.find('_') != std::string::npos)
      add("Open MPI 4 takes no host whose name holds '_', and hangs",
          "give the host by another name, or by its address");
    else if (has_patterns && std::min(name.find_first_of("0123456789"), name.size()) > longest_beginning)
      add(fmt::format(
              "Open MPI 4 crashes at a host's name with more than {} characters before its first digit",
              longest_beginning),
          "give the host by a shorter name, or by its address");
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
