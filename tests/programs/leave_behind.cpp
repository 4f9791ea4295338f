// SPDX-License-Identifier: Apache-2.0
// leave_behind CODE: leaves a child that holds both pipes open and ignores SIGTERM, and exits with CODE.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  std::signal(SIGTERM, SIG_IGN);
  const int child = fork();
  if (child < 0) return 65;
  while (child == 0) pause();
  std::puts("left a child");
  return std::atoi(argv[1]);
}
