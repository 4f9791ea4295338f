// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/become_program.hpp"

#include <fmt/format.h>

#include "launcher/remote/login_answers.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view not_here = "smlaunch is not at ";
constexpr std::string_view but_here = ", but at ";

}  // namespace

std::string become_program(std::string_view quoted_path) {
  return fmt::format(
      "sh -c '[ -e \"$0\" ] || for found in \"$(command -v smlaunch)\" /usr/local/bin/smlaunch "
      "/usr/bin/smlaunch "
      "/opt/*/bin/smlaunch \"$HOME\"/*/bin/smlaunch \"$HOME\"/.*/bin/smlaunch; do [ -x \"$found\" ] && "
      "echo \"{}$0{}$found\" >&2 && exit 127; done; exec \"$0\" \"$@\"' {}",
      not_here, but_here, quoted_path);
}

std::optional<ProgramElsewhere> parse_program_elsewhere(std::string_view stderr_text) {
  const auto places = line_of_answer(stderr_text, not_here);
  const std::size_t end = places ? places->find(but_here) : std::string::npos;
  if (end == std::string::npos) return std::nullopt;
  return ProgramElsewhere{places->substr(0, end), places->substr(end + but_here.size())};
}

}  // namespace smlaunch
