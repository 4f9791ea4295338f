// SPDX-License-Identifier: Apache-2.0
// From a program's name to its file, as in execvp(3).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace smlaunch {

// The files that may be meant, in order: `program` itself where it has a slash, else one in each folder of
// the variable PATH (without one: /usr/local/bin:/usr/bin:/bin); an empty folder is the working directory.
std::vector<std::string> search_path_candidates(const std::string& program,
                                                const std::map<std::string, std::string>& variables);

// The first of them that is an executable file; empty: there is none. A program with a slash is taken as it
// is.
std::string find_on_path(const std::string& program, const std::map<std::string, std::string>& variables);

}  // namespace smlaunch
