// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/login_answers.hpp"

#include <algorithm>
#include <charconv>

namespace smlaunch {

std::string line_of_answer(std::string_view answer, std::string_view begin) {
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t end = std::min(answer.find('\n', at), answer.size());
    const std::string_view line = answer.substr(at, end - at);
    at = end + 1;
    if (line.starts_with(begin)) return std::string(line.substr(begin.size()));
  }
  return {};
}

std::vector<InterfaceAnswer> parse_interface_answers(std::string_view answer) {
  const std::string_view begin = interface_answer;
  std::vector<InterfaceAnswer> answers;
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t end = std::min(answer.find('\n', at), answer.size());
    const std::string_view line = answer.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(begin)) continue;
    const std::string_view rest = line.substr(begin.size());
    InterfaceAnswer one;
    const auto [number_end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), one.wanted);
    const auto first = static_cast<std::size_t>(number_end - rest.data());
    if (error != std::errc() || first >= rest.size() || rest[first] != '|') continue;
    const std::size_t second = std::min(rest.find('|', first + 1), rest.size());
    one.problem = rest.substr(first + 1, second - first - 1);
    one.usable = rest.substr(std::min(second + 1, rest.size()));
    answers.push_back(std::move(one));
  }
  return answers;
}

}  // namespace smlaunch
