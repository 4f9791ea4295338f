// SPDX-License-Identifier: Apache-2.0
// The wheel's `train`: it becomes the program smlaunch beside it, under the name train, with the same process id. A
// wheel can hold no link.
#include <unistd.h>

#include <cstdio>
#include <cstring>

int main(int, char** argv) {
  constexpr int could_not_start = 71;  // base/exit_codes.hpp
  constexpr char name[] = "smlaunch";
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof name);
  if (length > 0) {
    path[length] = '\0';
    std::strcpy(std::strrchr(path, '/') + 1, name);
    char called[] = "train";
    argv[0] = called;
    execv(path, argv);
  }
  std::perror(length > 0 ? path : "/proc/self/exe");
  return could_not_start;
}
