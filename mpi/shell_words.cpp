// SPDX-License-Identifier: Apache-2.0
#include "mpi/shell_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace smlaunch {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// What a backslash takes the meaning from inside "...": before anything else it stands for itself.
bool is_escapable_in_double_quotes(char c) { return c == '$' || c == '`' || c == '"' || c == '\\'; }

// '^' is not among them: old shells read it as a pipe, zsh as a pattern.
bool needs_no_quotes(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
}

tl::unexpected<Error> unclosed(char quote, std::size_t at) {
  return failure(
      Fault::configuration, fmt::format("character {}", at + 1),
      fmt::format("the {} quote that opens here is never closed", quote == '"' ? "double" : "single"),
      fmt::format("close it, or write \\{} for the character itself", quote));
}

}  // namespace

Result<std::vector<std::string>> split_shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // '' is a word too, so an empty `word` does not tell
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_blank(c)) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else if (c == '\'') {
      const std::size_t end = text.find('\'', i + 1);
      if (end == std::string_view::npos) return unclosed(c, i);
      word += text.substr(i + 1, end - i - 1);
      in_word = true;
      i = end;
    } else if (c == '"') {
      const std::size_t start = i;
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
          if (text[i + 1] == '\n') {
            ++i;
            continue;
          }
          if (is_escapable_in_double_quotes(text[i + 1])) ++i;
        }
        word += text[i];
      }
      if (i == text.size()) return unclosed(c, start);
      in_word = true;
    } else if (c == '\\') {
      if (i + 1 == text.size()) {
        return failure(Fault::configuration, fmt::format("character {}", i + 1),
                       "a backslash stands at the end with nothing to quote",
                       "remove it, or write \\\\ for a backslash");
      }
      ++i;
      if (text[i] == '\n') continue;
      word += text[i];
      in_word = true;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::string quote_shell_word(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), needs_no_quotes)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace smlaunch
