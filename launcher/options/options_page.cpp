// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/options_page.hpp"

#include <fmt/format.h>

#include <cctype>
#include <vector>

#include "launcher/options/matters.hpp"

namespace smlaunch {

namespace {

// In a table a bar ends a cell, even inside of a code span.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string capitalized(std::string text) {
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

// A word before a parenthesis of SMLAUNCH_<OPTION> is no HTML.
std::string prose(const std::string& line) {
  std::string out;
  for (const char c : line) {
    if (c == '<' || c == '*' || c == '_') out += '\\';
    out += c;
  }
  return out;
}

std::string page_text(const Matter& matter) {
  std::string out;
  for (const TextBlock& block : blocks_of(matter)) {
    if (!out.empty() || block.is_verbatim) out += "\n";
    if (block.is_verbatim) out += "```text\n";
    for (const std::string& line : block.lines)
      out += (block.is_verbatim ? line.substr(2) : prose(line)) + "\n";
    if (block.is_verbatim) out += "```\n";
  }
  return out;
}

std::string row(const OptionInfo& option) {
  const std::string letter = option.letter == '\0' ? "" : fmt::format("`-{}`, ", option.letter);
  const std::string value = option.value.empty() ? "" : " " + option.value;
  return fmt::format("| {}`--{}{}` | {} | `{}` |\n", letter, option.name, cell(value), cell(option.what),
                     option.variable);
}

}  // namespace

std::string render_options_page(const OptionTable& table) {
  std::string out =
      "# Options\n\n"
      "`smlaunch help markdown` has written this page of the program's own table of options. `smlaunch "
      "--help-all` "
      "shows the\nsame on a terminal, `smlaunch help MATTER` a part of it.\n\n"
      "```text\n"
      "smlaunch [OPTION...] [PROGRAM.py ARG... | -- PROGRAM ARG...]\n"
      "smlaunch COMMAND [OPTION...]\n"
      "```\n\n"
      "| command | |\n|---|---|\n";
  for (const CommandInfo& command : table.commands)
    out += fmt::format("| `smlaunch {}` | {} |\n", command.word, cell(command.what));
  for (const Matter& matter : all_matters()) {
    out += fmt::format("\n## {}\n\n{}", capitalized(matter.title), page_text(matter));
    const std::vector<OptionInfo> options = options_of(matter, table);
    if (!options.empty()) out += "\n| option | meaning [default] | variable |\n|---|---|---|\n";
    for (const OptionInfo& option : options) out += row(option);
  }
  return out;
}

}  // namespace smlaunch
