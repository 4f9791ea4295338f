// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

// What else than a Python traceback says why a program ends, in lines without colours: C++'s terminate, failed
// assertions and checks, glibc's and the sanitizers' complaints, the interpreter's own fatal errors, panics of
// Rust and Go, exceptions of the JVM, Fortran's run time, MPI's errors. The last of
// them.
std::optional<Reason> find_crash_words(const std::vector<std::string>& lines);

}  // namespace smlaunch
