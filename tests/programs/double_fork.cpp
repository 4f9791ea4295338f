// SPDX-License-Identifier: Apache-2.0
// double_fork [PROGRAM ARG...]: leaves a process that belongs to no session, group or parent of ours, then
// becomes PROGRAM; without one, exits with 0. The process runs when this goes on.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

int main(int, char** argv) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return 65;
  const int child = fork();
  if (child < 0) return 65;
  if (child == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = 0; stream < 3; ++stream) dup2(null, stream);
    (void)!write(ready[1], "r", 1);
    while (true) pause();
  }
  waitpid(child, nullptr, 0);
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1) return 65;
  if (argv[1] == nullptr) return 0;
  execv(argv[1], argv + 1);
  std::perror(argv[1]);
  return 127;
}
