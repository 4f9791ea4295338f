// SPDX-License-Identifier: Apache-2.0
#include "base/host_name.hpp"

#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace smlaunch {
namespace {

constexpr std::size_t longest_name = 253;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_address_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}
bool looks_like_ipv6(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(), is_address_character);
}

}  // namespace

std::optional<std::string> host_name_problem(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > longest_name) return "is longer than 253 characters";
  if (name.front() == '-') return "begins with a dash";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ' || c == '\t') return "holds a blank";
    if (byte < 0x20 || byte == 0x7f) return "holds a control character";
    if (byte >= 0x80) return "holds a character that is not ASCII";
    if (!is_letter(c) && !is_digit(c) && std::string_view(".-_:[]").find(c) == std::string_view::npos) {
      return fmt::format("holds the character {}", c == '\'' ? std::string("\"'\"") : fmt::format("'{}'", c));
    }
  }
  const bool bracketed = name.front() == '[' && name.back() == ']';
  const std::string_view inside = bracketed ? name.substr(1, name.size() - 2) : name;
  if (inside.find_first_of("[]") != std::string_view::npos)
    return "holds a bracket that encloses no IPv6 address";
  if (bracketed && !looks_like_ipv6(inside)) return "holds a bracket that encloses no IPv6 address";
  // "a:8" would reach mpirun as host a with eight slots.
  if (inside.find(':') != std::string_view::npos && !looks_like_ipv6(inside)) {
    return "holds a colon but is no IPv6 address";
  }
  const auto counts = [](char c) { return is_letter(c) || is_digit(c) || c == ':'; };
  if (std::none_of(inside.begin(), inside.end(), counts)) return "holds no letter and no digit";
  return {};
}

std::string probe_host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

}  // namespace smlaunch
