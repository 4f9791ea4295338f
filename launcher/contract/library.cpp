// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/library.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "launcher/contract/executable.hpp"
#include "launcher/contract/program_variables.hpp"
#include "launcher/contract/result_files.hpp"
#include "launcher/contract/user_program.hpp"

namespace smlaunch {

namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Variables own_variables() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

// Writes all of it to our stderr, also where that is a non-blocking pipe with a slow reader.
void pass_on(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(STDERR_FILENO, text.data(), text.size());
    if (wrote >= 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno == EAGAIN) {
      pollfd stream = {STDERR_FILENO, POLLOUT, 0};
      poll(&stream, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

// Passes on all lines, and keeps them, until the program and all processes that it has left have closed
// their end.
std::string take_error_output(int pipe) {
  std::string kept;
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t got = read(pipe, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return kept;
    kept.append(bytes.data(), static_cast<std::size_t>(got));
    pass_on({bytes.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace

EnvironmentRequest probe_environment_request() {
  EnvironmentRequest request;
  request.variables = own_variables();
  const auto base = request.variables.find("SAGEMAKER_BASE_DIR");
  request.base_dir = base == request.variables.end() || base->second.empty() ? "/opt/ml" : base->second;
  std::error_code error;
  request.working_directory = std::filesystem::current_path(error);
  request.num_cpus = std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  return request;
}

Result<EntryPointEnd> run_entry_point(const Environment& environment, const EntryPointRequest& request) {
  EntryPoint entry_point = environment.entry_point;
  // A framework's module calls this, so the program is the user's.
  if (entry_point.kind == EntryPointKind::framework_module)
    entry_point = probe_entry_point(environment.paths.code, environment.user_entry_point.value_or(""), {});
  if (entry_point.name.empty()) return tl::unexpected(no_entry_point(environment));
  entry_point.arguments = request.arguments;
  std::vector<std::string> argv = process_command(entry_point, request.python, false);
  Variables all = own_variables();
  for (const auto& [name, value] : program_variables(environment, all)) all[name] = value;
  for (const auto& [name, value] : request.variables) all[name] = value;
  if (entry_point.kind == EntryPointKind::command)
    make_program_executable(command_file(entry_point), entry_point.working_directory);
  EntryPointEnd end;
  std::vector<std::string> settings;
  for (const auto& [name, value] : all) {
    if (!is_too_long(name, value)) {
      settings.push_back(name + "=" + value);
      continue;
    }
    if (auto written = write_long_variable(environment.paths, name, value); !written)
      return tl::unexpected(written.error());
    end.long_variables.push_back(name);
  }

  std::array<int, 2> pipe_ends = {-1, -1};
  if (request.capture_error && pipe2(pipe_ends.data(), O_CLOEXEC) != 0)
    return failure(Fault::start, argv.front(),
                   std::string("no pipe for its stderr: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, entry_point.working_directory.c_str());
  if (request.capture_error) posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv.front().c_str(), &actions, nullptr, pointers_to(argv).data(),
                                 pointers_to(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  if (request.capture_error) close(pipe_ends[1]);
  if (error == 0 && request.capture_error) end.error_output = take_error_output(pipe_ends[0]);
  if (request.capture_error) close(pipe_ends[0]);
  if (error != 0)
    return failure(Fault::start, (entry_point.working_directory / argv.front()).string(),
                   std::string("cannot be started: ") + std::strerror(error), "is it there, and executable?");
  int status = 0;
  int got = 0;
  do got = waitpid(pid, &status, 0);
  while (got < 0 && errno == EINTR);
  if (got != pid)
    return failure(
        Fault::internal, argv.front(),
        "how process " + std::to_string(pid) + " ended is not known: " + std::strerror(errno),
        "see that this program does not ignore SIGCHLD, and waits for no child that is not its own");
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.exit_code = WEXITSTATUS(status);
  return end;
}

}  // namespace smlaunch
