// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

// Words, other than a Python traceback, that say why a program ends, in lines without colours: C++'s
// terminate, failed assertions and checks, glibc's and the sanitizers' complaints, the interpreter's own
// fatal errors, panics of Rust and Go, exceptions of the JVM, errors of Fortran's run time and of MPI.
// Returns the last of them.
std::optional<Reason> find_crash_words(const std::vector<std::string>& lines);

}  // namespace smlaunch
