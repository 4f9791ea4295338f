// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/injection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace smlaunch {

namespace {

constexpr std::array<InjectionKind, 5> kinds = {InjectionKind::hang, InjectionKind::corrupt,
                                                InjectionKind::slow, InjectionKind::missing_library,
                                                InjectionKind::doubled};

tl::unexpected<Error> refuse(std::string_view where, std::string what) {
  return failure(Fault::usage, std::string(where), std::move(what),
                 "hang, corrupt, slow, missing-library or double, then :rank=N or :host=NAME, such as "
                 "hang:rank=3");
}

}  // namespace

std::string to_string(InjectionKind kind) {
  switch (kind) {
    case InjectionKind::none: return "none";
    case InjectionKind::hang: return "hang";
    case InjectionKind::corrupt: return "corrupt";
    case InjectionKind::slow: return "slow";
    case InjectionKind::missing_library: return "missing-library";
    case InjectionKind::doubled: return "double";
  }
  return "none";
}

std::optional<InjectionKind> parse_injection_kind(std::string_view text) {
  if (text == "none") return InjectionKind::none;
  for (const InjectionKind kind : kinds)
    if (to_string(kind) == text) return kind;
  return {};
}

std::string to_string(const Injection& injection) {
  if (injection.kind == InjectionKind::none) return "none";
  return injection.rank ? fmt::format("{}:rank={}", to_string(injection.kind), *injection.rank)
                        : fmt::format("{}:host={}", to_string(injection.kind), injection.host);
}

Result<Injection> parse_injection(std::string_view text, std::string_view where) {
  const std::size_t colon = text.find(':');
  const auto kind = parse_injection_kind(text.substr(0, colon));
  if (!kind || *kind == InjectionKind::none)
    return refuse(where, fmt::format("\"{}\" is no fault that can be injected", text.substr(0, colon)));
  Injection injection{*kind, {}, ""};
  const std::string_view whom = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (whom.starts_with("host=") && whom.size() > 5) {
    injection.host = whom.substr(5);
    return injection;
  }
  if (whom.starts_with("rank=")) {
    int rank = 0;
    const std::string_view digits = whom.substr(5);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    if (error == std::errc() && end == digits.data() + digits.size() && !digits.empty() && rank >= 0) {
      injection.rank = rank;
      return injection;
    }
  }
  return refuse(where, fmt::format("\"{}\" names neither a rank nor a host", text));
}

Result<void> check_injection(const Injection& injection, int ranks, const std::vector<std::string>& hosts,
                             std::string_view where) {
  if (injection.kind == InjectionKind::none) return {};
  if (injection.rank && *injection.rank >= ranks)
    return failure(Fault::usage, std::string(where),
                   fmt::format("there is no rank {}, they are 0 to {}", *injection.rank, ranks - 1));
  if (!injection.rank && std::find(hosts.begin(), hosts.end(), injection.host) == hosts.end())
    return failure(Fault::usage, std::string(where),
                   fmt::format("{} is none of the job's hosts", injection.host));
  return {};
}

InjectionKind injection_of(const Injection& injection, int rank, std::string_view host) {
  const bool is_meant = injection.rank ? *injection.rank == rank : injection.host == host;
  return is_meant ? injection.kind : InjectionKind::none;
}

}  // namespace smlaunch
