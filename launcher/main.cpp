// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "base/exit_codes.hpp"
#include "launcher/launch.hpp"
#include "launcher/options/cli.hpp"

namespace {

// Whoever started us may have closed one of them: then the first file or socket that we open would become it,
// and take what is printed.
void keep_standard_streams_apart() {
  for (int stream = 0; stream < 3; ++stream)
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == 0 ? O_RDONLY : O_WRONLY) != stream)
      _exit(smlaunch::exit_codes::internal);
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams_apart();
  return smlaunch::run_smlaunch(smlaunch::arguments_of({argv, argv + argc}));
}
