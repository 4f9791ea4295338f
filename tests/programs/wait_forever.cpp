// SPDX-License-Identifier: Apache-2.0
// Says that it runs, and waits until a signal ends it.
#include <unistd.h>

#include <cstdio>

int main() {
  std::puts("waiting");
  std::fflush(stdout);
  while (true) pause();
}
