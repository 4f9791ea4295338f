// SPDX-License-Identifier: Apache-2.0
// What static libraries of Debian 12 take from its glibc 2.36 and older ones lack: libstdc++'s std::random_device asks
// for arc4random. Hidden, so that no library that is opened at run time finds it in the program.
#include <sys/random.h>

#include <cstdint>
#include <cstdlib>

extern "C" [[gnu::visibility("hidden")]] std::uint32_t arc4random() noexcept {
  std::uint32_t number = 0;
  if (getentropy(&number, sizeof number) != 0) std::abort();
  return number;
}
