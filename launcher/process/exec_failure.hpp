// SPDX-License-Identifier: Apache-2.0
// Why the kernel does not execute a program, where the kernel's own words say too little, and what executes
// it instead.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

// The reason for `error` of execve(2), and what to do about it; empty: the kernel's words are enough.
// `program`: its name in `directory`; without a slash in it the answer is empty. Looks at the file.
std::string explain_exec_failure(const std::string& program, const std::filesystem::path& directory,
                                 int error);

// For a script that may be read but not executed, in a place where nobody can change that (below
// `directory`, where we could not make it executable, or on a file system that is mounted noexec or
// read-only): the command line of its interpreter, with the script in it. Nothing where this is not the
// reason.
std::optional<std::vector<std::string>> through_interpreter(const std::vector<std::string>& argv,
                                                            const std::filesystem::path& directory);

}  // namespace smlaunch
