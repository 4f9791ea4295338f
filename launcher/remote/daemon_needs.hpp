// SPDX-License-Identifier: Apache-2.0
// What Open MPI's daemon needs of a host beside the login: that it can run at all, a shell that understands mpirun's
// words, a folder for its files. Without one of them it does not come, and mpirun does not say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/process/exit_status.hpp"
#include "launcher/remote/host_cause.hpp"

namespace smlaunch {

// The name of this user's login shell here: "bash"; empty where it is not known.
std::string probe_login_shell();

// Why no file can be written to the folder where the daemon would put its own ("/tmp cannot be written
// (Read-only file system)"); nothing: it can.
std::optional<std::string> probe_temporary_folder();

// That folder, where the kernel executes nothing that lies in it (mounted noexec); else empty. The daemon and we do
// without; what a program compiles there cannot be loaded.
std::string probe_noexec_folder();

// Why Open MPI's daemon cannot run here, where `path` is the file ("was killed by signal 11 (SIGSEGV)", "says: error
// while loading shared libraries: …"); nothing: it can.
std::optional<std::string> probe_daemon(const std::string& path);

// The same, of how it ended and what it printed when it was asked for its options.
std::optional<std::string> daemon_problem(const ExitStatus& status, std::string_view output);

// Why a host's login shell does not understand mpirun, which was started where the login shell is `own`.
// Nothing: it does, or the shell is not known. mpirun assumes that all hosts have this machine's shell.
// `asks_shells`: mpirun was told to ask each host (plm_rsh_assume_same_shell 0).
std::optional<HostCause> find_shell_problem(std::string_view own, std::string_view theirs, bool asks_shells);

}  // namespace smlaunch
