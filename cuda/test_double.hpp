// SPDX-License-Identifier: Apache-2.0
// Libraries for tests, which only pretend. They export a symbol that says so, and are refused unless a
// variable says that this is a test. Their answers are no evidence about a GPU.
#pragma once

namespace smlaunch {

inline constexpr const char* test_double_symbol = "smlaunch_test_double";
inline constexpr const char* test_double_variable = "SMLAUNCH_TEST_DOUBLES";

enum class LibraryOrigin { real, test_double, refused_test_double };

// `library`: what dlopen returned.
LibraryOrigin find_origin(void* library);

}  // namespace smlaunch
