// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/hidden_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace smlaunch {

namespace {

constexpr std::string_view sign = "(secret ";

std::string sign_of(std::size_t number) { return fmt::format("{}{})", sign, number); }

// "3:abc0:" holds abc and an empty secret; secrets may hold any byte.
std::vector<std::string> split_told(std::string_view told) {
  std::vector<std::string> secrets;
  while (!told.empty()) {
    std::size_t size = 0;
    const char* end = told.data() + told.size();
    const auto [stopped, error] = std::from_chars(told.data(), end, size);
    if (error != std::errc() || stopped == end || *stopped != ':') break;
    told.remove_prefix(static_cast<std::size_t>(stopped - told.data()) + 1);
    secrets.emplace_back(told.substr(0, size));
    told.remove_prefix(std::min(size, told.size()));
  }
  return secrets;
}

}  // namespace

HiddenArguments hide_arguments(std::vector<std::string> argv, const std::vector<std::size_t>& secret) {
  HiddenArguments hidden;
  if (!secret.empty()) {
    std::size_t number = 0;
    for (std::size_t i = 0; i < argv.size(); ++i) {
      // A word that looks like our sign is hidden, too, so that nobody takes it for a sign.
      if (!std::binary_search(secret.begin(), secret.end(), i) && !argv[i].starts_with(sign)) continue;
      hidden.told += fmt::format("{}:{}", argv[i].size(), argv[i]);
      argv[i] = sign_of(number++);
    }
  }
  hidden.argv = std::move(argv);
  return hidden;
}

std::vector<std::string> show_arguments(std::vector<std::string> argv, const std::string& told) {
  const std::vector<std::string> secrets = split_told(told);
  for (std::string& word : argv) {
    if (!word.starts_with(sign)) continue;
    for (std::size_t i = 0; i < secrets.size(); ++i)
      if (word == sign_of(i)) {
        word = secrets[i];
        break;
      }
  }
  return argv;
}

bool hides_arguments(const std::vector<std::string>& argv) {
  return std::any_of(argv.begin(), argv.end(),
                     [](const std::string& word) { return word.starts_with(sign) && word.ends_with(')'); });
}

}  // namespace smlaunch
