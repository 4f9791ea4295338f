// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// Why `name` cannot be a host's name ("holds a blank", "begins with a dash", "is longer than 253 characters",
// …); nothing: it can. Host names stand on ssh's and mpirun's command lines, so only letters, digits, '.', '-', '_'
// and ':' (IPv6, in brackets or not) are allowed.
std::optional<std::string> host_name_problem(std::string_view name);

// This machine's name, as gethostname(2) has it.
std::string probe_host_name();

}  // namespace smlaunch
