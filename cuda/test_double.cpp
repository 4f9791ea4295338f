// SPDX-License-Identifier: Apache-2.0
#include "cuda/test_double.hpp"

#include <dlfcn.h>

#include <cstdlib>

namespace smlaunch {

LibraryOrigin find_origin(void* library) {
  if (dlsym(library, test_double_symbol) == nullptr) return LibraryOrigin::real;
  return std::getenv(test_double_variable) != nullptr ? LibraryOrigin::test_double
                                                      : LibraryOrigin::refused_test_double;
}

}  // namespace smlaunch
