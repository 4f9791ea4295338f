// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

// So the sentence with the reason, the rank and the time fits into SageMaker's 1,024 characters.
inline constexpr std::size_t most_reason_bytes = 480;

// Why a program failed, by its last lines: its Python exception with the causes; the words of another
// runtime (C++, Rust, Java, MPI, a sanitizer, …); else its last words that are no mere notice, or an error
// line a few lines before them. torchrun's words about its ranks are left out. Nothing: no line says anything.
std::optional<Reason> find_reason(const std::vector<std::string>& lines);

}  // namespace smlaunch
