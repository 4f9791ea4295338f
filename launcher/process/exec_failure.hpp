// SPDX-License-Identifier: Apache-2.0
// Why the kernel does not execute a program, where its own word says too little, and who executes it instead.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

// What is behind `error` of execve(2), with what to do about it; empty: the kernel's word says it all.
// `program` as it is named in `directory`: with a slash in it, or nothing is said. Looks at the file.
std::string explain_exec_failure(const std::string& program, const std::filesystem::path& directory,
                                 int error);

// For a script that may be read and not executed, in a place where that cannot be changed (below `directory`,
// where ours could not make it executable, or on a file system mounted noexec or read-only): the words that
// its interpreter is started by, the script among them. Nothing where that is not the reason.
std::optional<std::vector<std::string>> through_interpreter(const std::vector<std::string>& argv,
                                                            const std::filesystem::path& directory);

}  // namespace smlaunch
