// SPDX-License-Identifier: Apache-2.0
// The first line of a program's file.
#pragma once

#include <filesystem>
#include <string>

namespace smlaunch {

// Without its LF, as much of it as the kernel looks at; empty where the file cannot be read.
std::string read_first_line(const std::filesystem::path& file);

// A text whose first line ends with CR LF: to a shell, the CR is a part of the line's last word.
bool is_text_of_windows(const std::filesystem::path& file);

// FILE.pyz that names no interpreter there, or may not be executed: Python has to run it.
bool is_zipapp_for_python(const std::filesystem::path& file);

}  // namespace smlaunch
