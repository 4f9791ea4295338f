// SPDX-License-Identifier: Apache-2.0
// crash HOW: ends as a C++ program does that nobody has caught: terminate, assertion, free.
#undef NDEBUG
#include <cassert>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  if (how == "terminate") throw std::runtime_error("shard 7 is empty");
  assert(how != "assertion");
  if (how == "free") {
    // A word inside a block is not where one begins.
    auto* block = static_cast<char*>(std::malloc(64));
    char* volatile inside = block + 16;
    std::free(inside);
  }
  return 2;
}
