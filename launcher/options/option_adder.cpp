// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/option_adder.hpp"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace smlaunch {

std::string variable_of(const std::string& option) {
  std::string name = "SMLAUNCH_";
  for (const char c : option)
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::optional<double> parse_decimal(const std::string& text) {
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool has_digit = std::any_of(text.begin(), text.end(), is_digit);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + (text.starts_with('+') ? 1 : 0), end, number);
  const bool begins = text.size() > sign && (is_digit(text[sign]) || text[sign] == '.');
  if (!has_digit || !begins || error != std::errc() || stopped != end) return {};
  return number;
}

void Adder::add_ids(const std::string& name, std::optional<IdSet>& value, const std::string& what,
                    const std::string& metavar) {
  describe(name, what, metavar);
  if (!is_given()) return;
  auto* option = app_.add_option_function<std::string>(
      "--" + name, [&value](const std::string& text) { value = parse_id_set(text); });
  option->check([](const std::string& text) -> std::string {
    const auto ids = parse_id_set(text);
    return ids && !ids->empty() ? "" : fmt::format("\"{}\" is no list of numbers such as 0,3-5", text);
  });
  taken(option)->delimiter('\0');
}

void Adder::add_flag(const std::string& name, bool& value, const std::string& what, char letter) {
  describe(name, what, "");
  table_.options.back().letter = letter;
  const std::string names = letter == '\0' ? "--" + name : fmt::format("-{},--{}", letter, name);
  // Letters may stand together: -qv.
  if (letter != '\0' || is_given()) app_.add_flag(names, value)->envname(variable_of(name));
}

CLI::App* Adder::add_command(const std::string& word, const std::string& what, const std::string& matter,
                             const std::string& operand) {
  table_.commands.push_back({word, what, matter, operand});
  if (std::find(arguments_.begin(), arguments_.end(), word) == arguments_.end()) return nullptr;
  return app_.add_subcommand(word);
}

void Adder::describe(const std::string& name, const std::string& what, const std::string& metavar) {
  table_.options.push_back({name, '\0', metavar, {}, what, matter_, variable_of(name), ValueKind::word});
}

bool Adder::is_given() const {
  const OptionInfo& option = table_.options.back();
  const auto names_it = [&](std::string_view argument) {
    if (!argument.starts_with("--")) return false;
    argument.remove_prefix(2);
    return argument.starts_with(option.name) &&
           (argument.size() == option.name.size() || argument[option.name.size()] == '=');
  };
  return std::any_of(arguments_.begin(), arguments_.end(), names_it) ||
         std::getenv(option.variable.c_str()) != nullptr;
}

CLI::Option* Adder::taken(CLI::Option* option) {
  const OptionInfo& described = table_.options.back();
  options_.emplace_back(described.name, option);
  return option->envname(described.variable)->take_last()->type_name(described.value);
}

}  // namespace smlaunch
