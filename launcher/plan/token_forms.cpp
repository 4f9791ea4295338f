// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/token_forms.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

namespace smlaunch {

namespace {

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The token is a prefix and what follows it: letters, digits and the characters of `also`. `unbroken`: so
// many letters and digits stand together somewhere in it, a digit among them. Words that people choose, such
// as hf_model_name or sk-learn-pipeline-2, have no such part.
struct TokenForm {
  std::string_view prefix;
  std::string_view also;
  std::size_t unbroken;
};

constexpr std::array<TokenForm, 15> forms = {{{"ghp_", "", 20},
                                              {"gho_", "", 20},
                                              {"ghu_", "", 20},
                                              {"ghs_", "", 20},
                                              {"ghr_", "", 20},
                                              {"github_pat_", "_", 20},
                                              {"glpat-", "_-.", 12},
                                              {"hf_", "", 20},
                                              {"xoxb-", "-", 10},
                                              {"xoxp-", "-", 10},
                                              {"xoxa-", "-", 10},
                                              {"xoxr-", "-", 10},
                                              {"xoxs-", "-", 10},
                                              {"sk-", "_-", 16},
                                              {"AIza", "_-", 16}}};

// Where what begins at `from` ends, if it is as the form says.
std::optional<std::size_t> end_of_token(std::string_view text, std::size_t from, const TokenForm& form) {
  std::size_t end = from;
  std::size_t together = 0;
  bool has_digit = false;
  bool is_token = false;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (is_alphanumeric(c)) {
      has_digit = has_digit || is_digit(c);
      is_token = is_token || (++together >= form.unbroken && has_digit);
      continue;
    }
    if (form.also.find(c) == form.also.npos) break;
    together = 0;
    has_digit = false;
  }
  return is_token ? std::optional(end) : std::nullopt;
}

// eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl: a header, which is a JSON object in base64url, the
// claims, and a signature.
std::optional<std::size_t> end_of_web_token(std::string_view text, std::size_t from) {
  constexpr std::array<std::size_t, 3> fewest = {8, 2, 8};
  std::size_t end = from;
  for (std::size_t part = 0; part < fewest.size(); ++part) {
    if (part > 0 && (end == text.size() || text[end++] != '.')) return {};
    const std::size_t begin = end;
    while (end < text.size() && (is_alphanumeric(text[end]) || text[end] == '_' || text[end] == '-')) ++end;
    if (end - begin < fewest[part]) return {};
  }
  return end;
}

// -----BEGIN OPENSSH PRIVATE KEY-----
std::optional<std::size_t> end_of_private_key(std::string_view text, std::size_t from) {
  constexpr std::string_view begins = "-----BEGIN ";
  constexpr std::string_view ends = "-----END ";
  constexpr std::string_view dashes = "-----";
  constexpr std::size_t longest_label = 64;
  if (!text.substr(from).starts_with(begins)) return {};
  const std::size_t label = from + begins.size();
  const std::size_t size = text.substr(label, longest_label).find(dashes);
  if (size == text.npos || text.substr(label, size).find("PRIVATE KEY") == text.npos) return {};
  const std::size_t end = text.find(ends, label + size);
  if (end == text.npos) return text.size();
  const std::size_t last = text.find(dashes, end + ends.size());
  return last == text.npos ? text.size() : last + dashes.size();
}

std::optional<std::size_t> end_of_secret(std::string_view text, std::size_t from) {
  switch (text[from]) {
    case '-': return end_of_private_key(text, from);
    case 'e': return text.substr(from).starts_with("eyJ") ? end_of_web_token(text, from) : std::nullopt;
    case 'g':
    case 'h':
    case 'x':
    case 's':
    case 'A':
      for (const TokenForm& form : forms)
        if (text.substr(from).starts_with(form.prefix))
          return end_of_token(text, from + form.prefix.size(), form);
      return {};
    default: return {};
  }
}

}  // namespace

std::vector<TextPart> find_token_forms(std::string_view text) {
  std::vector<TextPart> found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char before = i == 0 ? ' ' : text[i - 1];
    // A line's end that JSON has escaped may stand before a word.
    const bool is_escape = i > 1 && before == 'n' && text[i - 2] == '\\';
    if ((is_alphanumeric(before) && !is_escape) || before == '_' || (text[i] == '-' && before == '-'))
      continue;
    if (const auto end = end_of_secret(text, i)) {
      found.push_back({i, *end});
      i = *end - 1;
    }
  }
  return found;
}

}  // namespace smlaunch
