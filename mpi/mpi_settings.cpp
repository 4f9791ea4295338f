// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpi_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "mpi/mpirun_words.hpp"
#include "mpi/placement_options.hpp"

namespace smlaunch {
namespace {

constexpr std::string_view mapping_policy = "rmaps_base_mapping_policy";
constexpr std::string_view ranking_policy = "rmaps_base_ranking_policy";

bool has_option(const UserOptions& user, std::string_view name) {
  return std::any_of(user.options.begin(), user.options.end(),
                     [&](const MpirunOption& option) { return option_key(option) == name; });
}

// What the parameters say that must be said on the command line.
class ParameterReader {
 public:
  ParameterReader(const UserOptions& user, const OpenMpiVersion& version) : user_(user), version_(version) {}

  Result<UserOptions> read(const std::vector<SetParameter>& parameters) {
    for (const SetParameter& parameter : parameters) {
      if (!seen_.insert(parameter.name).second) continue;
      if (parameter.name == environment_list)
        take(parameter);
      else if (parameter.name == mapping_policy && !has_option(user_, "map-by"))
        take_policy(parameter, is_mapping_policy(parameter.value), "mapping", "--map-by");
      else if (parameter.name == ranking_policy && !has_option(user_, "rank-by"))
        take_policy(parameter, is_ranking_policy(parameter.value), "ranking", "--rank-by");
    }
    if (!problems_.empty()) return tl::unexpected<Error>(Error{Fault::configuration, std::move(problems_)});
    return std::move(result_);
  }

 private:
  void take_policy(const SetParameter& parameter, bool is_known, std::string_view kind,
                   std::string_view option) {
    if (is_known) return take(parameter);
    problems_.push_back({place_of(parameter),
                         fmt::format("'{}' is no {} policy of Open MPI's", parameter.value, kind),
                         fmt::format("unset it, or say what counts with {} in the MPI options", option)});
  }

  void take(const SetParameter& parameter) {
    auto read = parse_user_options({"-mca", parameter.name, parameter.value}, version_, place_of(parameter));
    if (!read) {
      problems_.insert(problems_.end(), read.error().problems.begin(), read.error().problems.end());
      return;
    }
    if (parameter.name != environment_list)
      result_.notes.push_back(
          fmt::format("{} is taken from {}", to_string(read->options.front()), place_of(parameter)));
    const auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    };
    append(result_.options, read->options);
    append(result_.variables, read->variables);
    append(result_.exported, read->exported);
    append(result_.warnings, read->warnings);
    append(result_.notes, read->notes);
  }

  const UserOptions& user_;
  OpenMpiVersion version_;
  std::unordered_set<std::string> seen_;
  UserOptions result_;
  std::vector<Problem> problems_;
};

bool is_of_interfaces(std::string_view parameter) {
  return parameter.starts_with("btl_tcp_if_") || parameter.starts_with("oob_tcp_if_");
}

bool is_of_logins(std::string_view parameter) {
  return parameter == "plm_rsh_agent" || parameter == "plm_rsh_args" || parameter == "orte_xterm";
}

// Windows come by ssh, and files of parameters are read by mpirun alone.
bool may_be_of_logins(const MpirunOption& option) {
  return option.name == "mca" ? is_of_logins(option.values[0])
                              : option.name == "xterm" || option.name == "am" || option.name == "amca" ||
                                    option.name == "tune";
}

}  // namespace

std::string place_of(const SetParameter& parameter) {
  return parameter.variable.empty() ? fmt::format("{} of {}", parameter.name, parameter.file)
                                    : fmt::format("{} of the environment", parameter.variable);
}

std::string to_string(const SetParameter& parameter) {
  return parameter.variable.empty()
             ? fmt::format("{}={} of {}", parameter.name, parameter.value, parameter.file)
             : fmt::format("{}={} of the environment", parameter.variable, parameter.value);
}

Result<MpiSettings> parse_mpi_settings(const std::vector<std::string>& words, const std::string& source,
                                       std::vector<SetParameter> parameters, const OpenMpiVersion& version) {
  MpiSettings settings;
  settings.source = source;
  settings.is_given = !words.empty();
  settings.parameters = std::move(parameters);
  std::vector<Problem> problems;
  if (auto user = parse_user_options(words, version, source))
    settings.user = std::move(*user);
  else
    problems = std::move(user.error().problems);
  if (auto read = ParameterReader(settings.user, version).read(settings.parameters))
    settings.of_parameters = std::move(*read);
  else
    problems.insert(problems.end(), read.error().problems.begin(), read.error().problems.end());
  if (!problems.empty()) return tl::unexpected<Error>(Error{Fault::configuration, std::move(problems)});
  const UserOptions all = all_options(settings);
  settings.counting = all.counting;
  settings.numbering = all.numbering;
  return settings;
}

UserOptions all_options(const MpiSettings& settings) {
  const UserOptions& under = settings.of_parameters;
  UserOptions all = settings.user;
  std::unordered_set<std::string> of_user;
  for (const MpirunOption& option : all.options) of_user.insert(option_key(option));
  std::vector<MpirunOption> added;
  for (const MpirunOption& option : under.options)
    if (!of_user.contains(option_key(option)))
      added.push_back(option);
    else if (option.name == "x")
      all.notes.push_back(fmt::format("your {} counts, not {}'s", to_string(option), environment_list));
  const auto is_the_users = [&](const std::string& name) { return of_user.contains("x " + name); };
  for (const auto& variable : under.variables)
    if (!is_the_users(variable.first)) all.variables.push_back(variable);
  for (const std::string& name : under.exported)
    if (!is_the_users(name)) all.exported.push_back(name);
  all.options.insert(all.options.begin(), added.begin(), added.end());
  all.notes.insert(all.notes.begin(), under.notes.begin(), under.notes.end());
  all.warnings.insert(all.warnings.begin(), under.warnings.begin(), under.warnings.end());
  find_placement(all);
  return all;
}

std::vector<SetParameter> parameters_of(const std::map<std::string, std::string>& variables,
                                        const OpenMpiVersion& version) {
  std::vector<SetParameter> parameters;
  const auto add_all = [&](std::string_view prefix) {
    for (auto found = variables.lower_bound(std::string(prefix));
         found != variables.end() && found->first.starts_with(prefix); ++found)
      if (!found->second.empty())
        parameters.push_back(
            {parameter_in_4(found->first.substr(prefix.size())), found->second, found->first, "", false});
  };
  add_all("OMPI_MCA_");
  if (version.major >= 5) add_all("PRTE_MCA_");
  return parameters;
}

bool lists_variables_in_a_file(const MpiSettings& settings) {
  return std::any_of(settings.parameters.begin(), settings.parameters.end(),
                     [](const SetParameter& parameter) {
                       return parameter.name == environment_list && parameter.variable.empty();
                     });
}

bool chooses_interface(const MpiSettings& settings) {
  return std::any_of(settings.user.options.begin(), settings.user.options.end(),
                     [](const MpirunOption& option) {
                       return option.name == "mca" && is_of_interfaces(option.values[0]);
                     }) ||
         std::any_of(settings.parameters.begin(), settings.parameters.end(),
                     [](const SetParameter& parameter) { return is_of_interfaces(parameter.name); });
}

bool chooses_login(const MpiSettings& settings) {
  return std::any_of(settings.user.options.begin(), settings.user.options.end(), may_be_of_logins) ||
         std::any_of(settings.parameters.begin(), settings.parameters.end(),
                     [](const SetParameter& parameter) { return is_of_logins(parameter.name); });
}

}  // namespace smlaunch
