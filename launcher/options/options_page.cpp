// SPDX-License-Identifier: Apache-2.0
#include "launcher/options/options_page.hpp"

#include <fmt/format.h>

#include <cctype>
#include <sstream>

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

// Lines that begin with blanks are shown as they are.
std::string paragraphs(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  bool verbatim = false;
  for (std::string line; std::getline(lines, line);) {
    const bool now = line.starts_with(" ");
    if (now != verbatim) out += now ? "\n```text\n" : "```\n\n";
    verbatim = now;
    out += (now ? line.substr(2) : prose(line)) + "\n";
  }
  return out + (verbatim ? "```\n" : "");
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
    out += fmt::format("\n## {}\n\n{}", capitalized(matter.title), paragraphs(matter.text));
    bool has_options = false;
    for (const OptionInfo& option : table.options) {
      if (option.matter != matter.word) continue;
      if (!has_options) out += "\n| option | meaning [default] | variable |\n|---|---|---|\n";
      has_options = true;
      out += row(option);
    }
  }
  return out;
}

}  // namespace smlaunch
