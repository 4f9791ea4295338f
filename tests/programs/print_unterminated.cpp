// SPDX-License-Identifier: Apache-2.0
// A line, and half a line on each stream.
#include <cstdio>

int main() {
  std::fputs("whole\nhalf", stdout);
  std::fputs("half of stderr", stderr);
}
