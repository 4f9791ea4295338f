// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

// A sentence that holds it, with who failed and when, leaves room for it within SageMaker's 1,024 characters.
inline constexpr std::size_t most_reason_bytes = 480;

// Why a program failed, by the last lines of it: its Python exception with what caused it; the words of another
// runtime (C++, Rust, Java, MPI, a sanitizer, …); else its last words that are no mere notice. What torchrun
// says of its ranks is left out. Nothing: no line says anything.
std::optional<Reason> find_reason(const std::vector<std::string>& lines);

}  // namespace smlaunch
