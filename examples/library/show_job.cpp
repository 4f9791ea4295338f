// SPDX-License-Identifier: Apache-2.0
// Reads the container as the toolkit does, says what it found, and runs the user's program.
#include <cstdio>
#include <smlaunch/contract.hpp>

int main() {
  const auto read = smlaunch::read_environment(smlaunch::probe_environment_request());
  if (!read) {
    for (const smlaunch::Problem& problem : read.error().problems)
      std::fprintf(stderr, "%s: %s\n", problem.where.c_str(), problem.what.c_str());
    return 78;
  }
  const smlaunch::Environment& environment = *read;
  std::printf("host %s of %zu, model in %s\n", environment.current_host.c_str(), environment.hosts.size(),
              environment.paths.model.c_str());
  for (const auto& [channel, folder] : environment.channel_input_dirs)
    std::printf("channel %s in %s\n", channel.c_str(), folder.c_str());
  std::fflush(stdout);

  smlaunch::EntryPointRequest request;
  request.arguments = environment.entry_point.arguments;
  request.variables = sm_variables(environment);
  request.capture_error = true;
  const auto end = smlaunch::run_entry_point(environment, request);
  if (!end) {
    std::fprintf(stderr, "%s: %s\n", end.error().problems.front().where.c_str(),
                 end.error().problems.front().what.c_str());
    return 71;
  }
  std::printf("exit code %d, signal %d, %zu bytes on stderr\n", end->exit_code, end->signal,
              end->error_output.size());
  for (const std::string& name : end->long_variables)
    std::printf("%s was too long for a variable, and lay in %s\n", name.c_str(),
                smlaunch::long_variable_file(environment.paths, name).c_str());
  return end->succeeded() ? 0 : 1;
}
