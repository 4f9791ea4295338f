// SPDX-License-Identifier: Apache-2.0
// From files and variables to one Environment. The order in which sources win is the toolkit's, though it is
// odd: SAGEMAKER_PROGRAM beats its hyperparameter, SAGEMAKER_SUBMIT_DIRECTORY and
// SAGEMAKER_CONTAINER_LOG_LEVEL are not read at all, the job's name comes from TRAINING_JOB_NAME alone.
#include "launcher/contract/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/unicode.hpp"
#include "launcher/contract/config_file.hpp"
#include "launcher/contract/distribution.hpp"
#include "launcher/contract/hyperparameters.hpp"
#include "launcher/contract/local_job.hpp"
#include "launcher/contract/neuron_instances.hpp"
#include "launcher/contract/resource_config.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/contract/trainer_job.hpp"
#include "launcher/contract/user_program.hpp"

namespace smlaunch {
namespace {

std::optional<std::string> variable(const EnvironmentRequest& request, const char* name) {
  const auto found = request.variables.find(name);
  return found == request.variables.end() ? std::nullopt : std::optional(found->second);
}

void take_error(std::vector<Problem>& problems, const Error& error) {
  problems.insert(problems.end(), error.problems.begin(), error.problems.end());
}

// A file of input/config that may be missing.
PyDict read_dict(const std::filesystem::path& file, std::vector<Problem>& problems) {
  const Result<std::optional<PyValue>> value = read_config_file(file);
  if (!value) {
    take_error(problems, value.error());
    return {};
  }
  if (!value->has_value()) return {};
  const PyDict* dict = ConfigProblems(file.native(), problems).expect_dict(**value, "");
  return dict == nullptr ? PyDict() : *dict;
}

class Reader {
 public:
  explicit Reader(const EnvironmentRequest& request)
      : request_(request),
        hyperparameters_file_(make_paths(request.base_dir).input_config / "hyperparameters.json") {
    environment_.paths = make_paths(request.base_dir);
    environment_.trainer =
        read_trainer_job(environment_.paths, request.variables, request.working_directory, problems_);
    if (environment_.trainer) environment_.paths.code = environment_.trainer->code;
  }

  Result<Environment> read() {
    read_hyperparameters();
    read_channels();
    read_hosts();
    read_variables();
    ConfigProblems problems(hyperparameters_file_.native(), problems_);
    choose_distribution(environment_, problems);
    if (environment_.trainer && sagemaker(distribution_groups_key) == nullptr)
      choose_trainer_hosts(environment_);
    choose_entry_point(environment_, request_, problems);
    if (!problems_.empty()) return tl::unexpected(Error{Fault::configuration, std::move(problems_)});
    return std::move(environment_);
  }

 private:
  const PyValue* sagemaker(std::string_view key) const {
    return environment_.sagemaker_hyperparameters.find(key);
  }
  ConfigProblems hyperparameter_problems() { return {hyperparameters_file_.native(), problems_}; }

  void read_hyperparameters() {
    Hyperparameters split = split_hyperparameters(read_dict(hyperparameters_file_, problems_));
    ConfigProblems problems = hyperparameter_problems();
    check_hyperparameters(split, problems);
    // The SDK's drivers give the program all hyperparameters.
    if (environment_.trainer) split.user = split.all;
    environment_.hyperparameters = {std::move(split.user)};
    environment_.framework_parameters = {std::move(split.framework)};
    environment_.sagemaker_hyperparameters = {std::move(split.sagemaker)};
    warn_of_shared_names(*environment_.hyperparameters.dict(), hyperparameters_file_.native(), "SM_HP_");
  }

  void warn_of_shared_names(const PyDict& dict, const std::string& source, const char* prefix) {
    std::map<std::string, std::string> names;
    for (const auto& [key, value] : dict) {
      const std::string name = prefix + python_upper(key);
      const auto [first, is_new] = names.try_emplace(name, key);
      if (is_new) continue;
      environment_.warnings.push_back(
          {fmt::format("{}: {}", source, json_path({}, key)),
           fmt::format("{} and {} share the variable {}: the last one wins", repair_utf8(first->second),
                       repair_utf8(key), repair_utf8(name)),
           "rename one of them"});
      first->second = key;
    }
  }

  void read_channels() {
    const std::filesystem::path file = environment_.paths.input_config / "inputdataconfig.json";
    environment_.input_data_config = {read_dict(file, problems_)};
    ConfigProblems problems(file.native(), problems_);
    const PyDict& channels = *environment_.input_data_config.dict();
    for (const auto& [name, value] : channels) {
      if (const auto problem = variable_name_problem(name)) {
        problems.add(json_path({}, name),
                     fmt::format("the channel's name {}, so no SM_CHANNEL_ variable can have it", *problem));
      }
      environment_.channel_input_dirs.emplace_back(name, (environment_.paths.input_data / name).native());
    }
    warn_of_shared_names(channels, file.native(), "SM_CHANNEL_");
  }

  void read_hosts() {
    std::string source = "the hosts given";
    if (request_.given_hosts) {
      const GivenHosts& given = *request_.given_hosts;
      PyList hosts;
      for (const std::string& host : given.hosts) hosts.push_back({host});
      environment_.resource_config = {
          PyDict{{"current_host", {given.current_host}}, {"hosts", {std::move(hosts)}}}};
    } else {
      const auto file =
          request_.resource_config.value_or(environment_.paths.input_config / "resourceconfig.json");
      source = file.native();
      if (!read_resource_config(file)) return;
    }
    // Where --current-host is none of the hosts, the mistake is in that option, not in the file.
    if (request_.current_host && environment_.resource_config.dict() != nullptr) {
      const PyValue* hosts = environment_.resource_config.find("hosts");
      const PyList* list = hosts == nullptr ? nullptr : hosts->list();
      if (list != nullptr &&
          std::find(list->begin(), list->end(), PyValue{*request_.current_host}) == list->end()) {
        problems_.push_back({"--current-host",
                             fmt::format("{} is not among {}{}", python_json_dumps({*request_.current_host}),
                                         request_.given_hosts ? "" : "the hosts of ", source),
                             ""});
      } else {
        PyDict& config = std::get<PyDict>(environment_.resource_config.data);
        if (environment_.resource_config.find("current_host") == nullptr)
          config.emplace_back("current_host", PyValue());
        environment_.resource_config =
            resource_config_of_host(environment_.resource_config, *request_.current_host);
      }
    }
    ConfigProblems problems(source, problems_);
    parse_resource_config(environment_, request_.given_hosts.has_value(), problems);
  }

  bool read_resource_config(const std::filesystem::path& file) {
    Result<std::optional<PyValue>> value = read_config_file(file);
    if (!value) {
      take_error(problems_, value.error());
      return false;
    }
    if (!value->has_value() && request_.local_host) {
      environment_.resource_config = local_resource_config(*request_.local_host);
      return true;
    }
    if (!value->has_value()) {
      problems_.push_back(
          {file.native(), "does not exist",
           "name the hosts with --hosts or --hostfile, another file with --resource-config, or "
           "the folder above input/ with --base-dir"});
      return false;
    }
    environment_.resource_config = std::move(**value);
    return true;
  }

  void read_variables() {
    environment_.num_gpus = request_.num_gpus;
    environment_.num_cpus = request_.num_cpus;
    environment_.num_neurons =
        neuron_cores_of(environment_.current_instance_type).value_or(request_.num_neurons);
    environment_.job_name = variable(request_, "TRAINING_JOB_NAME");
    environment_.framework_module = variable(request_, "SAGEMAKER_TRAINING_MODULE");
    environment_.mp_parameters = variable(request_, "SM_HP_MP_PARAMETERS");
    environment_.smddprun_installed = !find_on_path("smddprun", request_.variables).empty();
    environment_.smddpmprun_installed = !find_on_path("smddpmprun", request_.variables).empty();
    environment_.region = variable(request_, "AWS_REGION");
    if (!environment_.region) environment_.region = text_parameter(environment_, "sagemaker_region");
    if (!environment_.region) environment_.region = variable(request_, "AWS_DEFAULT_REGION");

    const PyValue* directory = environment_.trainer ? nullptr : sagemaker("sagemaker_submit_directory");
    environment_.module_dir =
        directory == nullptr ? environment_.paths.code.native() : python_str(*directory);
    if (!system_bytes(environment_.module_dir)) {
      hyperparameter_problems().add("sagemaker_submit_directory", "holds a NUL byte or a lone surrogate");
    }
    const auto unread = variable(request_, "SAGEMAKER_SUBMIT_DIRECTORY");
    if (directory == nullptr && unread && *unread != environment_.module_dir) {
      environment_.warnings.push_back({"SAGEMAKER_SUBMIT_DIRECTORY",
                                       "is not read: the code is taken from " + environment_.module_dir,
                                       "set the hyperparameter sagemaker_submit_directory"});
    }
    read_log_level();
  }

  void read_log_level() {
    static constexpr std::pair<std::string_view, int> names[] = {
        {"CRITICAL", 50}, {"FATAL", 50}, {"ERROR", 40}, {"WARNING", 30},
        {"WARN", 30},     {"INFO", 20},  {"DEBUG", 10},
    };
    constexpr const char* key = "sagemaker_container_log_level";
    const PyValue* value = sagemaker(key);
    if (value == nullptr) return;
    if (const auto number = integer_parameter(environment_, key); number && *number >= 0 && *number <= 1000) {
      environment_.log_level = static_cast<int>(*number);
      return;
    }
    const auto* text = value->string();
    const auto found = std::find_if(std::begin(names), std::end(names),
                                    [&](const auto& name) { return text != nullptr && *text == name.first; });
    if (found != std::end(names)) {
      environment_.log_level = found->second;
    } else {
      environment_.warnings.push_back({fmt::format("{}: {}", hyperparameters_file_.native(), key),
                                       fmt::format("{} is no log level: 20 is taken", describe_value(*value)),
                                       ""});
    }
  }

  const EnvironmentRequest& request_;
  std::filesystem::path hyperparameters_file_;
  Environment environment_;
  std::vector<Problem> problems_;
};

}  // namespace

Result<Environment> read_environment(const EnvironmentRequest& request) { return Reader(request).read(); }

}  // namespace smlaunch
