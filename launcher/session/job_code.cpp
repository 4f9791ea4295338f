// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_code.hpp"

#include <fmt/format.h>

#include <chrono>

#include "launcher/code/code_preparation.hpp"
#include "launcher/contract/code/fetch_code.hpp"
#include "launcher/contract/code/install_step.hpp"
#include "launcher/contract/trainer_job.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

// Fetched, or there already: it is the container's code.
bool is_of_container(const Options& options, const Job& job) {
  const auto& trainer = job.environment->trainer;
  if (options.entry_point && trainer)
    return job.environment->entry_point.working_directory == job.environment->paths.code;
  return !options.entry_point && job.environment->entry_point.kind != EntryPointKind::framework_module &&
         !job.environment->entry_point.name.empty();
}

// The SDK's sm_train.sh may have installed the requirements already; we do not install them again.
std::string find_requirements(const TrainerJob& trainer) {
  return trainer.is_prepared ? "" : trainer.requirements;
}

InstallStep choose_install(const Job& job) {
  const EntryPoint& entry = job.environment->entry_point;
  if (const auto& trainer = job.environment->trainer)
    return install_requirements(find_requirements(*trainer), job.spec.python);
  return decide_install(entry.kind, probe_code_facts(job.environment->paths.code), job.spec.python);
}

bool is_packed(const Job& job) {
  return job.environment->trainer && !job.environment->trainer->archive.empty();
}

std::string find_source(const Job& job) {
  return is_packed(job) ? job.environment->trainer->archive.string() : job.environment->module_dir;
}

bool is_to_be_fetched(const Job& job) {
  const std::filesystem::path& code = job.environment->paths.code;
  return is_packed(job) ? is_archive_to_be_unpacked(find_source(job), code)
                        : is_code_to_be_fetched(find_source(job), code);
}

}  // namespace

std::optional<CodeRequest> make_code_request(const Options& options, const Job& job) {
  if (!is_of_container(options, job)) return {};
  if (!is_to_be_fetched(job) && choose_install(job).kind == InstallKind::none) return {};
  return describe_code_request(options, job);
}

CodeRequest describe_code_request(const Options& options, const Job& job) {
  const Environment& environment = *job.environment;
  CodeRequest request;
  request.host = environment.current_host;
  request.code = environment.paths.code.string();
  request.module_dir = find_source(job);
  request.program = environment.entry_point.name;
  request.is_trainer = environment.trainer != nullptr;
  if (environment.trainer) request.requirements = find_requirements(*environment.trainer);
  request.python = job.spec.python;
  request.region = environment.region.value_or("");
  request.is_quiet = options.quiet;
  return request;
}

bool may_need_code(const Options& options, const Job& job) {
  if (!is_of_container(options, job)) return false;
  const bool is_elsewhere = find_source(job) != job.environment->paths.code.native();
  return is_elsewhere || job.environment->current_host.empty() ||
         choose_install(job).kind != InstallKind::none;
}

std::string describe_code(const Options& options, const Job& job) {
  if (!is_of_container(options, job)) return "";
  if (is_to_be_fetched(job))
    return fmt::format(
        "not fetched yet: a run puts {} into {}, installs what it needs, and sees what the program is",
        find_source(job), job.environment->paths.code.string());
  const InstallStep step = choose_install(job);
  if (step.kind == InstallKind::none) return "";
  std::string command;
  for (const std::string& word : step.argv) command += (command.empty() ? "" : " ") + quote_shell_word(word);
  return fmt::format("a run first installs what it needs: {}", command);
}

HostCode prepare_code_here(const Options& options, Job& job) {
  HostCode code;
  const auto request = make_code_request(options, job);
  if (!request || job.environment->current_host.empty()) return code;
  const auto start = std::chrono::steady_clock::now();
  const auto prepared = run_code_preparation(*request);
  code.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!prepared) {
    code.outcome = outcome_of_code(code_failure(request->host, prepared.error()));
  } else if (prepared->stopped_by_signal != 0) {
    code.outcome = make_stopped(
        prepared->stopped_by_signal,
        fmt::format("stopped by {} while the code was prepared", signal_name(prepared->stopped_by_signal)));
  } else if (!prepared->end.is_ready) {
    code.outcome = outcome_of_code(prepared->end);
  }
  look_at_code_again(job);
  return code;
}

Outcome outcome_of_code(const CodeEnd& end) {
  Outcome outcome = make_failure(end.failure_class, end.message);
  outcome.failure_file = end.failure;
  return outcome;
}

}  // namespace smlaunch
