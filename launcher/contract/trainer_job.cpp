// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/trainer_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <system_error>

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/hyperparameters.hpp"

namespace smlaunch {
namespace {

constexpr const char* options_key = "mpi_additional_options";
constexpr const char* launcher_key = "launcher";  // of smlaunch's own driver

PyValue read_dict_file(const std::filesystem::path& file, std::vector<Problem>& problems) {
  const Result<std::optional<PyValue>> value = read_config_file(file);
  if (!value) {
    problems.insert(problems.end(), value.error().problems.begin(), value.error().problems.end());
    return {PyDict()};
  }
  if (!value->has_value() || !python_truth(**value)) return {PyDict()};
  if (ConfigProblems(file.native(), problems).expect_dict(**value, "") == nullptr) return {PyDict()};
  return **value;
}

std::optional<std::string> text_of(const PyValue& dict, const char* key, ConfigProblems& problems) {
  const PyValue* value = dict.find(key);
  if (value == nullptr || !python_truth(*value)) return {};
  const std::string* text = problems.expect_text(*value, key);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

// The SDK takes a command apart at blanks and ends of lines, and puts it together with one blank between.
std::vector<std::string> split_command(const std::string& command) {
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

// Does a command begin behind this word of a shell's?
bool leads_a_command(const std::string& word) {
  static constexpr std::array<std::string_view, 9> leading = {"&&",   "||",    "|",    "exec", "env",
                                                              "time", "nohup", "then", "do"};
  return std::find(leading.begin(), leading.end(), word) != leading.end() || word.ends_with(';');
}

// Would this command start us again?
bool starts_smlaunch(const std::vector<std::string>& words) {
  bool is_command = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].substr(words[i].rfind('/') + 1);
    if (is_command && (name == "smlaunch" || (i == 0 && name == "train"))) return true;
    const bool is_assignment = is_command && words[i].find('=') != std::string::npos;
    is_command = is_assignment || leads_a_command(words[i]);
  }
  return false;
}

// A source_dir that is an archive comes as it is, and the SDK's sm_train.sh unpacks it where it lies.
std::filesystem::path packed_code(const TrainerJob& job, ConfigProblems& problems) {
  const std::string source = text_of(job.source_code, "source_dir", problems).value_or("");
  if (job.is_prepared || !source.ends_with(".tar.gz")) return {};
  return job.code / source.substr(source.rfind('/') + 1);
}

bool names_key(const PyValue& dict, const char* key) { return dict.find(key) != nullptr; }

LauncherKind choose_for_program(const Environment& environment) {
  return environment.entry_point.kind == EntryPointKind::command ? LauncherKind::mpi : LauncherKind::ddp;
}

}  // namespace

std::shared_ptr<const TrainerJob> read_trainer_job(const Paths& paths, const Variables& variables,
                                                   const std::filesystem::path& working_directory,
                                                   std::vector<Problem>& problems) {
  TrainerJob job;
  std::error_code error;
  job.drivers = paths.input_data / "sm_drivers";
  if (!std::filesystem::is_directory(job.drivers, error)) return nullptr;
  job.source_code_file = job.drivers / "sourcecode.json";
  job.distributed_file = job.drivers / "distributed.json";
  job.source_code = read_dict_file(job.source_code_file, problems);
  job.distributed = read_dict_file(job.distributed_file, problems);
  job.code = paths.input_data / "code";
  if (!std::filesystem::is_directory(job.code, error)) job.code = working_directory;
  ConfigProblems in_file(job.source_code_file.native(), problems);
  job.entry_script = text_of(job.source_code, "entry_script", in_file);
  job.requirements = text_of(job.source_code, "requirements", in_file).value_or("");
  const auto words = split_command(text_of(job.source_code, "command", in_file).value_or(""));
  if (!words.empty() && !starts_smlaunch(words)) {
    job.command = fmt::format("{}", fmt::join(words, " "));
    const PyValue* arguments = job.source_code.find("args");
    if (arguments != nullptr && python_truth(*arguments))
      if (const PyList* list = in_file.expect_list(*arguments, "args"); list != nullptr)
        for (const PyValue& argument : *list) job.command_arguments.push_back(python_str(argument));
  }
  job.is_prepared = variables.contains("SM_SOURCE_DIR");
  job.archive = packed_code(job, in_file);
  // The script that has started us sets it, too: to 20, where the container has not set it.
  if (const auto level = variables.find("SM_LOG_LEVEL");
      level != variables.end() && !(job.is_prepared && level->second == "20"))
    job.log_level = level->second;
  return std::make_shared<const TrainerJob>(std::move(job));
}

LauncherChoice choose_trainer_launcher(const Environment& environment) {
  static constexpr std::array kinds = {LauncherKind::process,  LauncherKind::mpi, LauncherKind::ddp,
                                       LauncherKind::torchrun, LauncherKind::xla, LauncherKind::smddp};
  const TrainerJob& job = *environment.trainer;
  const PyValue& distributed = job.distributed;
  const auto by = [&](LauncherKind kind, const char* key) {
    return LauncherChoice{kind, fmt::format("{} of {}", key, job.distributed_file.native())};
  };
  if (!job.command.empty() && environment.program_source)
    return {LauncherKind::process, fmt::format("command of {}", job.source_code_file.native())};
  if (const PyValue* named = distributed.find(launcher_key); named != nullptr) {
    for (const LauncherKind kind : kinds)
      if (named->string() != nullptr && *named->string() == to_string(kind)) return by(kind, launcher_key);
    return by(choose_for_program(environment), launcher_key);
  }
  if (names_key(distributed, options_key)) return by(LauncherKind::mpi, "MPI");
  if (names_key(distributed, trainer_count_key)) return by(LauncherKind::torchrun, "Torchrun");
  return {LauncherKind::process, fmt::format("{} asks for none", job.distributed_file.native())};
}

// The drivers decode a value, which is decoded already, once more: text that is JSON becomes what it says.
std::vector<std::string> trainer_arguments(const PyDict& hyperparameters) {
  std::vector<std::string> arguments;
  arguments.reserve(2 * hyperparameters.size());
  for (const auto& [key, value] : hyperparameters) {
    arguments.push_back("--" + key);
    arguments.push_back(trainer_value(decode_hyperparameter(value)));
  }
  return arguments;
}

std::string trainer_value(const PyValue& value) {
  const std::string* text = value.string();
  return text != nullptr ? *text : python_json_dumps_spaced(value);
}

Result<std::optional<std::vector<std::string>>> trainer_mpi_options(const TrainerJob& job) {
  const PyValue* value = job.distributed.find(options_key);
  if (value == nullptr || !python_truth(*value)) return std::optional<std::vector<std::string>>();
  Error error{Fault::configuration, {}};
  ConfigProblems problems(job.distributed_file.native(), error.problems);
  std::vector<std::string> words;
  if (const PyList* list = problems.expect_list(*value, options_key); list != nullptr)
    for (std::size_t i = 0; i < list->size(); ++i)
      if (const std::string* word = problems.expect_text((*list)[i], json_path(options_key, i)))
        words.push_back(*word);
  if (!error.problems.empty()) return tl::unexpected(std::move(error));
  return std::optional(std::move(words));
}

void choose_trainer_hosts(Environment& environment) {
  auto& hosts = environment.distribution_hosts;
  hosts = environment.hosts;
  std::sort(hosts.begin(), hosts.end());
  if (!hosts.empty()) environment.leader = hosts.front();
  environment.is_leader = environment.current_host.empty() || environment.current_host == environment.leader;
}

}  // namespace smlaunch
