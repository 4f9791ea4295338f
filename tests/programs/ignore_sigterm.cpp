// SPDX-License-Identifier: Apache-2.0
// Says that it runs, and waits; SIGTERM and SIGINT do not end it.
#include <unistd.h>

#include <csignal>
#include <cstdio>

int main() {
  std::signal(SIGTERM, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  std::puts("waiting");
  std::fflush(stdout);
  while (true) pause();
}
