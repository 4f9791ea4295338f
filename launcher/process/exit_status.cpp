// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/exit_status.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>

namespace smlaunch {

ExitStatus decode_wait_status(int status) {
  if (WIFSIGNALED(status)) return Signaled{WTERMSIG(status), WCOREDUMP(status) != 0};
  return Exited{WEXITSTATUS(status)};
}

bool succeeded(const ExitStatus& status) { return status == ExitStatus{Exited{0}}; }

int shell_code(const ExitStatus& status) {
  if (const auto* signaled = std::get_if<Signaled>(&status)) return 128 + signaled->signal;
  return std::get<Exited>(status).code;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

std::string to_string(const ExitStatus& status) {
  if (const auto* signaled = std::get_if<Signaled>(&status))
    return fmt::format("was killed by signal {} ({}){}", signaled->signal, signal_name(signaled->signal),
                       signaled->core_dumped ? " and dumped core" : "");
  return fmt::format("exited with code {}", std::get<Exited>(status).code);
}

}  // namespace smlaunch
