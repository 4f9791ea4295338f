// SPDX-License-Identifier: Apache-2.0
// Libraries that only pretend, for tests: they export a symbol that says so, and are refused without a
// variable that says that this is a test. Nothing that they answer is evidence about a GPU.
#pragma once

namespace smlaunch {

inline constexpr const char* test_double_symbol = "smlaunch_test_double";
inline constexpr const char* test_double_variable = "SMLAUNCH_TEST_DOUBLES";

enum class LibraryOrigin { real, test_double, refused_test_double };

// `library`: what dlopen returned.
LibraryOrigin find_origin(void* library);

}  // namespace smlaunch
