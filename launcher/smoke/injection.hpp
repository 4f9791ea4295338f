// SPDX-License-Identifier: Apache-2.0
// A fault that a user asks for, to see that the test names it. Without such a request there is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

// hang: the rank stops before it makes the communicator. corrupt, doubled: its contribution is wrong. slow:
// it is late at every repeat. missing_library: it loads a library that does not exist.
enum class InjectionKind { none, hang, corrupt, slow, missing_library, doubled };
std::string to_string(InjectionKind kind);  // as --inject has it; "none"
std::optional<InjectionKind> parse_injection_kind(std::string_view text);

struct Injection {
  InjectionKind kind = InjectionKind::none;
  std::optional<int> rank;  // one of the two
  std::string host;
  bool operator==(const Injection&) const = default;
};
std::string to_string(const Injection& injection);  // "hang:rank=3"

// "hang:rank=3", "slow:host=algo-2": every kind with a rank or a host. Errors (Fault::usage) name `where`.
Result<Injection> parse_injection(std::string_view text, std::string_view where);

// Errors (Fault::usage): no such rank or host in the job.
Result<void> check_injection(const Injection& injection, int ranks, const std::vector<std::string>& hosts,
                             std::string_view where);

// The fault that the injection asks of this rank.
InjectionKind injection_of(const Injection& injection, int rank, std::string_view host);

}  // namespace smlaunch
