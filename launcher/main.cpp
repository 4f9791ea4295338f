// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/exit_codes.hpp"
#include "launcher/launch.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/run_by_connection.hpp"

namespace {

// Whoever started us may have closed one of them: then the first file or socket that we open would become it,
// and take what is printed.
void keep_standard_streams_apart() {
  for (int stream = 0; stream < 3; ++stream)
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == 0 ? O_RDONLY : O_WRONLY) != stream)
      _exit(smlaunch::exit_codes::internal);
}

// Whoever started us may have ignored SIGCHLD: then the kernel would tell us of no child how it ended.
void hear_of_children() { std::signal(SIGCHLD, SIG_DFL); }

// A reader of ours that goes away, or a file that may grow no further (ulimit -f), is an error of a write, as a full disk
// is. Children get the defaults.
void outlive_failed_writes() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

// Where mpirun starts us instead of ssh: once for each host, so nothing that costs comes before, and signals stay as mpirun
// has them.
bool stands_for_ssh(int argc, char** argv) {
  return argc > 2 && std::strcmp(argv[1], "worker") == 0 && std::strcmp(argv[2], smlaunch::ssh_argument) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams_apart();
  if (stands_for_ssh(argc, argv)) return smlaunch::run_by_connection({argv + 3, argv + argc});
  hear_of_children();
  outlive_failed_writes();
  smlaunch::outlive_user_signals();
  return smlaunch::run_smlaunch({argv, argv + argc});
}
