// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/kept_from_mpirun.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "launcher/plan/redaction.hpp"
#include "mpi/mpirun_words.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view of_ranks = "OMPI_MCA_";
constexpr std::string_view of_pmix = "PMIX_MCA_";

bool is_parameter_variable(std::string_view name) {
  return name.starts_with(of_ranks) || name.starts_with(of_pmix);
}

// The option as words, such as a Redactor knows them.
std::vector<std::string> words_of_option(const MpirunOption& option) {
  return render_options({option}, OpenMpiVersion{});
}

std::vector<std::string> all_words(const LaunchPlan& plan, const UserOptions& user) {
  std::vector<std::string> words = plan.process_command;
  for (const MpirunOption& option : user.options) {
    const std::vector<std::string> of_option = words_of_option(option);
    words.insert(words.end(), of_option.begin(), of_option.end());
  }
  return words;
}

// All that mpirun is to bring to the ranks.
Variables named_variables(const JobSpec& spec, const LaunchPlan& plan, const UserOptions& user) {
  Variables named = plan.environment;
  for (const std::string& name : user.exported)
    if (const auto found = spec.inherited.find(name); found != spec.inherited.end()) named.insert(*found);
  for (const auto& [name, value] : user.variables) named[name] = value;
  return named;
}

// Open MPI's daemons have a parameter with a word of secrets in its name.
bool is_open_mpis_own(std::string_view parameter) { return parameter == "opal_net_private_ipv4"; }

// In which variable a rank finds this parameter; nothing: it is not for ranks.
std::optional<std::string> variable_of(const MpirunOption& option, const OpenMpiVersion& version) {
  if (option.name == "pmixmca") return fmt::format("{}{}", of_pmix, option.values[0]);
  if (option.name != "mca") return {};
  const ParameterIn5 in_5 = parameter_in_5(option.values[0]);
  if (in_5.option != "mca") return {};
  return fmt::format("{}{}", of_ranks, version.major >= 5 ? in_5.name : option.values[0]);
}

class Keeper {
 public:
  Keeper(const JobSpec& spec, const LaunchPlan& plan)
      : spec_(spec),
        reaches_others_(has_other_hosts(plan)),
        user_(all_options(spec.mpi)),
        named_(named_variables(spec, plan, user_)),
        redactor_(named_, all_words(plan, user_)) {}

  KeptFromMpirun keep() {
    for (std::string& note : user_.notes) note = redactor_.text(std::move(note));
    for (std::string& warning : user_.warnings) warning = redactor_.text(std::move(warning));
    keep_variables();
    keep_inherited_parameters();
    std::erase_if(user_.options, [&](const MpirunOption& option) { return keeps(option); });
    if (reaches_others_)
      for (const auto& [name, value] : kept_.parameters) kept_.removed.push_back(name);
    kept_.user = std::move(user_);
    return std::move(kept_);
  }

 private:
  static bool has_other_hosts(const LaunchPlan& plan) {
    return std::any_of(plan.cluster.hosts.begin(), plan.cluster.hosts.end(),
                       [&](const Host& host) { return host.name != plan.current_host; });
  }

  void keep_variables() {
    for (const auto& [name, value] : named_) {
      if (redactor_.variable(name, value) == value) continue;
      kept_.variables.push_back(name);
      if (is_parameter_variable(name)) kept_.parameters[name] = value;
    }
  }

  // mpirun finds them by itself.
  void keep_inherited_parameters() {
    if (!reaches_others_) return;
    for (const auto& [name, value] : spec_.inherited) {
      if (!is_parameter_variable(name) || kept_.parameters.contains(name)) continue;
      const std::string parameter = name.substr(of_ranks.size());
      if (is_open_mpis_own(parameter) || redactor_.variable(name, value) == value) continue;
      const MpirunOption same = {name.starts_with(of_pmix) ? "pmixmca" : "mca", {parameter, value}};
      if (!variable_of(same, spec_.open_mpi)) {
        user_.warnings.push_back(fmt::format(
            "{} of the environment looks like a secret: mpirun's daemons need it, and mpirun writes "
            "it on their command lines, which everyone on a host may read",
            name));
        continue;
      }
      kept_.parameters[name] = value;
      note(fmt::format("{} of the environment", name), name);
    }
  }

  bool keeps(const MpirunOption& option) {
    if (option.name == "x") return keeps_variable(option);
    const std::vector<std::string> words = words_of_option(option);
    const std::vector<std::string> shown = redactor_.arguments(words);
    if (shown == words || (option.name == "mca" && is_open_mpis_own(option.values[0]))) return false;
    const auto variable = variable_of(option, spec_.open_mpi);
    if (!variable) {
      user_.warnings.push_back(
          fmt::format("your {} holds what looks like a secret: it stands on mpirun's command line, which "
                      "everyone on the host "
                      "may read",
                      fmt::join(shown, " ")));
      return false;
    }
    kept_.parameters[*variable] = option.values[1];
    note(fmt::format("your MCA parameter {}", option.values[0]), *variable);
    return true;
  }

  bool keeps_variable(const MpirunOption& option) {
    if (!std::binary_search(kept_.variables.begin(), kept_.variables.end(), option.values[0])) return false;
    user_.notes.push_back(
        fmt::format("{} does not go through mpirun, which sends it unencrypted: smlaunch brings it to the "
                    "ranks over its own channel",
                    to_string(option)));
    return true;
  }

  void note(const std::string& what, const std::string& variable) {
    user_.notes.push_back(
        reaches_others_
            ? fmt::format(
                  "{} does not go through mpirun, which writes it on public command lines and sends it "
                  "unencrypted: smlaunch brings it to the ranks over its own channel, as {}; mpirun and its "
                  "daemons do not have it",
                  what, variable)
            : fmt::format(
                  "{} does not stand on mpirun's command line, which is public: mpirun and the ranks find it "
                  "in {}",
                  what, variable));
  }

  const JobSpec& spec_;
  bool reaches_others_;
  UserOptions user_;
  Variables named_;
  Redactor redactor_;
  KeptFromMpirun kept_;
};

}  // namespace

KeptFromMpirun keep_from_mpirun(const JobSpec& spec, const LaunchPlan& plan) {
  return Keeper(spec, plan).keep();
}

std::string shown_option(const MpirunOption& option) {
  const std::vector<std::string> words = words_of_option(option);
  return fmt::format("{}", fmt::join(Redactor({}, words).arguments(words), " "));
}

}  // namespace smlaunch
