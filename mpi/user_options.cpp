// SPDX-License-Identifier: Apache-2.0
// The user's MPI options, read as mpirun reads them. The policy:
// - what would change which ranks there are, or where, is refused and the option of smlaunch for it named;
// - a value of -x never reaches a command line, secret or not: it goes to the environment of mpirun, which
//   exports it by name;
// - what only the other version of Open MPI knows is translated, else left out with a warning;
// - given twice, the last one counts (Open MPI 4 aborts at a repeated MCA parameter, 5 at a repeated
//   --map-by);
// - --NCCL_DEBUG VALUE is no option of mpirun's: the SageMaker toolkit takes it here and exports it. Its
//   argparse takes beginnings of the name too, but what mpirun knows is mpirun's here (--N);
// - a name unknown here is mpirun's to judge, and so are the words behind it that begin with no dash.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "mpi/mpirun_options.hpp"
#include "mpi/mpirun_words.hpp"
#include "mpi/placement_options.hpp"

namespace smlaunch {
namespace {

bool has_dash(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

std::string_view without_dashes(std::string_view word) {
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  return word;
}

class Reader {
 public:
  Reader(const std::vector<std::string>& words, const OpenMpiVersion& version, std::string where)
      : words_(words), version_(version), where_(std::move(where)) {}

  Result<UserOptions> read() {
    while (at_ < words_.size()) read_one();
    if (!problems_.empty()) return tl::unexpected<Error>(Error{Fault::configuration, std::move(problems_)});
    find_placement(result_);
    return std::move(result_);
  }

 private:
  void problem(std::string what, std::string remedy) {
    problems_.push_back({where_, std::move(what), std::move(remedy)});
  }

  void read_one() {
    const std::string& word = words_[at_++];
    if (!has_dash(word) || word == "--") {
      problem(fmt::format("'{}' stands where an option is expected", word),
              "give only options of mpirun, and quote a value that holds blanks; the program is smlaunch's "
              "ENTRY_POINT");
      while (at_ < words_.size() && !has_dash(words_[at_])) ++at_;
      return;
    }
    std::string_view name = without_dashes(word);
    std::vector<std::string> values;
    // mpirun of Open MPI 4 does not take --name=value; the meaning is plain enough.
    const std::size_t equals = name.find('=');
    const std::string_view before = name.substr(0, equals);
    if (equals != std::string_view::npos && (is_nccl_debug(word, before) || values_of(before) == 1)) {
      values.emplace_back(name.substr(equals + 1));
      name = before;
    }
    if (is_nccl_debug(word, name)) {
      if (take_values(word, 1, values)) add_variable("NCCL_DEBUG=" + values[0]);
      return;
    }
    const std::optional<KnownOption> known = find_option(name, version_.major);
    if (!known) return add_unknown(word);
    if (known->use == OptionUse::question) {
      if (at_ < words_.size() && !has_dash(words_[at_])) ++at_;  // --help mapping
      problem(fmt::format("{} makes mpirun print a text and start nothing", word), "remove it");
    } else if (!take_values(word, known->values, values)) {
      return;
    } else if (known->use == OptionUse::plan) {
      const std::string shown =
          values.empty() || equals != std::string_view::npos ? word : fmt::format("{} {}", word, values[0]);
      problem(fmt::format("{} would change what is planned", shown),
              std::string(instead_of_option(known->canonical)));
    } else {
      add_known(*known, std::move(values));
    }
  }

  [[nodiscard]] bool is_nccl_debug(std::string_view word, std::string_view name) const {
    constexpr std::string_view whole = "NCCL_DEBUG";
    if (name == whole) return true;
    return word.starts_with("--") && !name.empty() && whole.starts_with(name) &&
           !find_option(name, version_.major);
  }

  int values_of(std::string_view name) const {
    const std::optional<KnownOption> known = find_option(name, version_.major);
    return known ? known->values : -1;
  }

  bool take_values(const std::string& word, int count, std::vector<std::string>& values) {
    while (static_cast<int>(values.size()) < count) {
      // A value may begin with a dash (plm_rsh_args "-p 2222"), but an option's name is no value.
      const bool is_option = at_ < words_.size() && has_dash(words_[at_]) &&
                             find_option(without_dashes(words_[at_]), version_.major);
      if (at_ == words_.size() || is_option) {
        const std::string_view lacks = count == 2 ? "a parameter's name and its value" : "a value";
        problem(fmt::format("{} is not followed by {}", word, lacks), "complete it or remove it");
        return false;
      }
      values.push_back(words_[at_++]);
    }
    return true;
  }

  void add_unknown(const std::string& word) {
    MpirunOption option{word, {}};
    while (at_ < words_.size() && !has_dash(words_[at_])) option.values.push_back(words_[at_++]);
    result_.notes.push_back(
        fmt::format("{} is not known to smlaunch and passed on as it is", to_string(option)));
    add({std::move(option)});
  }

  void add_known(const KnownOption& known, std::vector<std::string> values) {
    const std::string_view name = known.canonical;
    if (name == "x") return add_variable(values[0]);
    if (name == "mca") return add_parameter(std::move(values));
    // Old names of one and the same thing, deprecated since Open MPI 1.8.
    if (name == "bynode") return add({"map-by", {"node"}});
    if (name == "byslot") return add({"map-by", {"slot"}});
    if (name == "bycore") return add({"map-by", {"core"}});
    if (name == "bind-to-core") return add({"bind-to", {"core"}});
    if (name == "bind-to-socket") return add({"bind-to", {"socket"}});
    if (name == "map-by") return add_mapping(std::move(values[0]));
    if (name == "display" || name == "output") return add_directives(name, values[0]);
    // mpirun would change the agent's folder, and the agent the rank's.
    if (name == "wdir") {
      result_.working_directory = std::move(values[0]);
      return;
    }
    add_if_had(known.only_in, {std::string(name), std::move(values)});
  }

  // What the version that runs lacks it would abort at.
  void add_if_had(int only_in, MpirunOption option) {
    if (only_in == 0 || only_in == std::clamp(version_.major, 4, 5)) return add(std::move(option));
    result_.warnings.push_back(
        fmt::format("your {} is left out: Open MPI {} does not know it", to_string(option), version_.major));
  }

  // Only qualifiers (":OVERSUBSCRIBE"): the object stays ours, not mpirun's default. What is an option of its
  // own besides is taken as that, so that it meets ours and is not said twice.
  void add_mapping(std::string value) {
    if (value.starts_with(":")) value = "slot" + value;
    std::string kept;
    for (std::size_t start = 0; start <= value.size();) {
      const std::size_t end = std::min(value.find(':', start), value.size());
      const std::string part = value.substr(start, end - start);
      const std::string word = lower_case(part);
      start = end + 1;
      if (word == "oversubscribe" || word == "nooversubscribe")
        add({word, {}});
      else if (word == "hwtcpus")
        add({"use-hwthread-cpus", {}});
      else
        kept += (kept.empty() ? "" : ":") + part;
    }
    add({"map-by", {kept}});
  }

  // --display map,bind of 5 says what --display-map --report-bindings say in 4.
  void add_directives(std::string_view list, std::string_view text) {
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t end = std::min(text.find(',', start), text.size());
      const std::string_view directive = text.substr(start, end - start);
      start = end + 1;
      const auto found = std::find_if(directives().begin(), directives().end(), [&](const Directive& known) {
        return known.list == list && known.name == directive;
      });
      if (found == directives().end()) {
        add_if_had(5, {std::string(list), {std::string(directive)}});
      } else {
        add({std::string(found->option), {}});
      }
    }
  }

  void add_parameter(std::vector<std::string> values) {
    const std::string parameter = parameter_in_4(values[0]);
    if (const std::string_view instead = instead_of_parameter(parameter); !instead.empty()) {
      return problem(fmt::format("-mca {} {} would change what is planned", values[0], values[1]),
                     std::string(instead));
    }
    if (parameter == "mca_base_env_list") {
      // mpirun aborts where this and -x stand together.
      for (std::size_t start = 0; start < values[1].size();) {
        const std::size_t end = std::min(values[1].find(';', start), values[1].size());
        if (end > start) add_variable(values[1].substr(start, end - start));
        start = end + 1;
      }
      return;
    }
    if (parameter == "rmaps_base_mapping_policy") return add_mapping(std::move(values[1]));
    if (parameter == "rmaps_base_ranking_policy") return add({"rank-by", {std::move(values[1])}});
    if (parameter == "hwloc_base_binding_policy") return add({"bind-to", {std::move(values[1])}});
    if (parameter == "hwloc_base_cpu_list") return add({"cpu-list", {std::move(values[1])}});
    if (parameter == "rmaps_rank_file_path") return add({"rankfile", {std::move(values[1])}});
    if (parameter == "rmaps_base_oversubscribe" || parameter == "rmaps_base_no_oversubscribe") {
      const std::string word = lower_case(values[1]);
      const bool on = word != "0" && word != "false" && word != "no";
      return add({on == (parameter == "rmaps_base_oversubscribe") ? "oversubscribe" : "nooversubscribe", {}});
    }
    add({"mca", {parameter, std::move(values[1])}});
  }

  void add_variable(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (name.empty())
      return problem(fmt::format("-x {} names no variable", text), "write -x NAME or -x NAME=VALUE");
    if (is_our_variable(name)) {
      result_.warnings.push_back(fmt::format("your -x {} is ignored: smlaunch sets it for each rank", name));
      return;
    }
    const auto same_name = [&](const auto& variable) { return variable.first == name; };
    std::erase_if(result_.variables, same_name);
    std::erase(result_.exported, name);
    if (equals == std::string::npos) {
      result_.exported.push_back(name);
    } else {
      result_.variables.emplace_back(name, text.substr(equals + 1));
    }
    add({"x", {name}});
  }

  void add(MpirunOption option) {
    const auto [found, is_new] = at_key_.emplace(option_key(option), result_.options.size());
    if (is_new) {
      result_.options.push_back(std::move(option));
      return;
    }
    MpirunOption& earlier = result_.options[found->second];
    if (option.name == "x") {
      result_.notes.push_back(
          fmt::format("your options export {} more than once: the last one counts", option.values[0]));
    } else if (earlier != option) {
      result_.notes.push_back(
          fmt::format("your {} replaces your earlier {}", to_string(option), to_string(earlier)));
    }
    earlier = std::move(option);
  }

  const std::vector<std::string>& words_;
  OpenMpiVersion version_;
  std::string where_;
  std::size_t at_ = 0;
  UserOptions result_;
  std::unordered_map<std::string, std::size_t> at_key_;
  std::vector<Problem> problems_;
};

}  // namespace

Result<UserOptions> parse_user_options(const std::vector<std::string>& words, const OpenMpiVersion& version,
                                       const std::string& where) {
  return Reader(words, version, where).read();
}

}  // namespace smlaunch
