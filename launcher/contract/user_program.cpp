// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/user_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "launcher/contract/first_line.hpp"
#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/hyperparameters.hpp"
#include "launcher/contract/trainer_job.hpp"

namespace smlaunch {
namespace {

constexpr const char* program_key = "sagemaker_program";
constexpr const char* program_variable = "SAGEMAKER_PROGRAM";

bool is_python_file(const std::string& name) {
  return name.size() >= 3 && name.compare(name.size() - 3, 3, ".py") == 0;
}

std::string module_name(std::string program) {
  if (is_python_file(program)) program.erase(program.size() - 3);
  return program;
}

std::optional<std::string> program_hyperparameter(const PyValue* program, ConfigProblems& problems) {
  if (program == nullptr || std::holds_alternative<PyNone>(program->data)) return std::nullopt;
  const std::string* name = problems.expect_text(*program, program_key);
  if (name == nullptr) return std::nullopt;
  if (!system_bytes(*name)) problems.add(program_key, "holds a NUL byte or a lone surrogate");
  return *name;
}

// Whether the image's module runs, or we do its work.
void choose_framework(Environment& environment, const std::string& module, bool run) {
  const Framework known = parse_framework(module);
  using Reason = std::optional<std::string>;
  const Reason reason = run                        ? Reason("as --framework-module says")
                        : known == Framework::none ? Reason("it is none of AWS's that are known")
                                                   : reason_to_run_module(known, environment);
  if (!reason) environment.native_framework = known;
  environment.framework_source =
      reason ? fmt::format("{} of SAGEMAKER_TRAINING_MODULE is run: {}", module, *reason)
             : fmt::format(
                   "what {} of SAGEMAKER_TRAINING_MODULE does is done by smlaunch; "
                   "--framework-module run runs it",
                   module);
}

void check_module_option(const std::string& name, bool from_variable, ConfigProblems& problems) {
  const auto module = parse_module_option(name);
  if (!module || (!module->empty() && module->find_first_of(" \t\n") == std::string::npos)) return;
  const std::string what = fmt::format("{} is not -m and the name of a module", describe_value({name}));
  constexpr const char* remedy = "arguments are hyperparameters of their own";
  if (from_variable)
    problems.add_elsewhere(program_variable, what, remedy);
  else
    problems.add(program_key, what, remedy);
}

// Why the job's program does not lie in its code; nothing: it does, or the code is not there yet.
std::optional<std::string> find_way_out(const std::filesystem::path& code, const std::string& name) {
  const std::filesystem::path program(name);
  if (program.is_absolute()) return "is an absolute path";
  if (const auto plain = program.lexically_normal(); !plain.empty() && *plain.begin() == "..")
    return "leads out of the folder of the code";
  std::error_code error;
  const std::filesystem::path inner = std::filesystem::weakly_canonical(code / program, error);
  if (error) return {};
  const std::filesystem::path outer = std::filesystem::weakly_canonical(code, error);
  const bool is_inside =
      error || std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
  if (is_inside) return {};
  return fmt::format("is a link to {}, out of the folder of the code", inner.native());
}

// As in the toolkit (sagemaker_training/process.py, validate_entry_point): the program belongs to the code.
void check_place(const std::filesystem::path& code, const std::string& name, bool from_variable,
                 ConfigProblems& problems) {
  if (parse_module_option(name)) return;
  const auto way_out = find_way_out(code, name);
  if (!way_out) return;
  const std::string what = fmt::format("{} {}", describe_value({name}), *way_out);
  const std::string remedy =
      fmt::format("name a program in {}, like train.py or bin/train.sh", code.native());
  if (from_variable)
    problems.add_elsewhere(program_variable, what, remedy);
  else
    problems.add(program_key, what, remedy);
}

void check_framework_module(const std::string& name, ConfigProblems& problems) {
  const std::size_t colon = name.find(':');
  const bool sound = colon != std::string::npos && colon > 0 && colon + 1 < name.size() &&
                     name.find(':', colon + 1) == std::string::npos;
  if (sound) return;
  problems.add_elsewhere("SAGEMAKER_TRAINING_MODULE",
                         fmt::format("{} is not of the form MODULE:FUNCTION", name),
                         "set it to something like my_framework.training:main");
}

// The SDK's drivers know neither packages nor framework modules: Python runs a .py file, anything else runs
// itself.
bool choose_trainer_program(Environment& environment) {
  const TrainerJob& job = *environment.trainer;
  if (job.command.empty() && !job.entry_script) return false;
  environment.program_source = fmt::format("{} of {}", job.command.empty() ? "entry_script" : "command",
                                           job.source_code_file.native());
  if (job.command.empty()) {
    std::vector<std::string> arguments = trainer_arguments(*environment.hyperparameters.dict());
    for (std::string& argument : arguments) argument = system_bytes(argument).value_or(argument);
    environment.entry_point = probe_given_program({*job.entry_script, std::move(arguments)}, job.code);
  } else {
    EntryPoint& shell = environment.entry_point;
    shell = {"/bin/bash", EntryPointKind::command, {"-c", job.command + " \"$@\"", "bash"}, job.code, true};
    shell.arguments.insert(shell.arguments.end(), job.command_arguments.begin(), job.command_arguments.end());
  }
  environment.user_entry_point = environment.entry_point.name;
  environment.module_name = module_name(environment.entry_point.name);
  return true;
}

// The folder of a program behind "--": in a job of the SDK v3 its code's folder, where the program is not in
// this one.
std::filesystem::path folder_of_given(const Environment& environment, const EnvironmentRequest& request) {
  std::error_code error;
  const std::string& name = request.given_entry_point->name;
  if (!environment.trainer || name.starts_with('/')) return request.working_directory;
  const std::filesystem::path& archive = environment.trainer->archive;
  const bool is_in_code = std::filesystem::exists(environment.paths.code / name, error) ||
                          (!archive.empty() && std::filesystem::exists(archive, error));
  const bool is_elsewhere = !std::filesystem::exists(request.working_directory / name, error) && is_in_code;
  return is_elsewhere ? environment.paths.code : request.working_directory;
}

}  // namespace

EntryPoint probe_given_program(const GivenEntryPoint& given, const std::filesystem::path& directory) {
  EntryPoint entry_point{given.name, EntryPointKind::python_program, given.arguments, directory, true};
  if (parse_module_option(given.name)) {
    entry_point.kind = EntryPointKind::python_package;
  } else if (!is_python_file(given.name) && !is_python_folder(directory / given.name) &&
             !is_zipapp_for_python(directory / given.name)) {
    entry_point.kind = EntryPointKind::command;
    entry_point.has_interpreter_line = probe_interpreter_line(directory / given.name);
  }
  return entry_point;
}

void choose_entry_point(Environment& environment, const EnvironmentRequest& request,
                        ConfigProblems& hyperparameter_problems) {
  if (request.given_entry_point) {
    environment.user_entry_point = request.given_entry_point->name;
    environment.module_name = module_name(request.given_entry_point->name);
    environment.entry_point =
        probe_given_program(*request.given_entry_point, folder_of_given(environment, request));
    return;
  }
  if (environment.trainer && !request.run_framework_module && choose_trainer_program(environment)) return;

  const PyValue* program = environment.sagemaker_hyperparameters.find(program_key);
  const auto variable = request.variables.find(program_variable);
  if (variable != request.variables.end()) environment.user_entry_point = variable->second;
  environment.module_name =
      module_name(environment.user_entry_point.value_or(program == nullptr ? "None" : python_str(*program)));
  if (environment.user_entry_point.value_or("").empty()) {
    environment.user_entry_point = program_hyperparameter(program, hyperparameter_problems);
  }

  const std::string framework = environment.framework_module.value_or("");
  const std::string name = environment.user_entry_point.value_or("");
  if (!framework.empty()) choose_framework(environment, framework, request.run_framework_module);
  set_framework_hyperparameters(environment);
  std::vector<std::string> arguments = command_arguments(*environment.hyperparameters.dict());
  for (std::string& argument : arguments) argument = system_bytes(argument).value_or(argument);
  if (!framework.empty() && environment.native_framework == Framework::none) {
    check_framework_module(framework, hyperparameter_problems);
    environment.entry_point = {framework, EntryPointKind::framework_module, std::move(arguments),
                               environment.paths.code, true};
  } else if (!name.empty()) {
    const bool from_variable = variable != request.variables.end() && !variable->second.empty();
    check_module_option(name, from_variable, hyperparameter_problems);
    check_place(environment.paths.code, name, from_variable, hyperparameter_problems);
    environment.entry_point = probe_entry_point(environment.paths.code, name, std::move(arguments));
  } else {
    environment.entry_point.arguments = std::move(arguments);
    environment.entry_point.working_directory = environment.paths.code;
  }
}

Error no_entry_point(const Environment& environment) {
  const std::filesystem::path file = environment.paths.input_config / "hyperparameters.json";
  std::error_code error;
  const bool is_there = std::filesystem::exists(file, error);
  return {Fault::configuration,
          {{file.native(),
            is_there ? "names no program to run" : "does not exist, and nothing else names a program to run",
            "set the hyperparameter sagemaker_program or the variable SAGEMAKER_PROGRAM, or name the program "
            "after --"}}};
}

Result<void> require_entry_point(const Environment& environment) {
  if (!environment.entry_point.name.empty()) return {};
  return tl::unexpected(no_entry_point(environment));
}

}  // namespace smlaunch
