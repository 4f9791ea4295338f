// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/secret_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "launcher/plan/redaction.hpp"
#include "launcher/plan/token_forms.hpp"
#include "launcher/plan/url_secrets.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view starts_of_options = " \t\r\n\"'[(,;`";
// Shorter words behind "bearer" are prose.
constexpr std::size_t shortest_token = 8;

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool is_of_name(char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// What YAML says instead of a secret: use_auth_token: true.
bool is_switch(std::string_view value) {
  static constexpr std::array<std::string_view, 8> words = {"true", "false", "null", "none",
                                                            "yes",  "no",    "on",   "off"};
  return value == "~" || std::find(words.begin(), words.end(), lower(value)) != words.end();
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<TextPart> find() {
    find_assignments();
    find_pairs();
    find_options();
    find_settings();
    for (const auto finder : {find_secrets_in_urls, find_token_forms})
      for (const TextPart& part : finder(text_)) add(part.begin, part.end);
    if (text_.find("earer") != text_.npos || text_.find("EARER") != text_.npos ||
        text_.find("uthorization") != text_.npos || text_.find("UTHORIZATION") != text_.npos)
      find_headers();
    std::sort(parts_.begin(), parts_.end(), [](const TextPart& a, const TextPart& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    std::vector<TextPart> apart;
    for (const TextPart& part : parts_) {
      if (apart.empty() || part.begin >= apart.back().end)
        apart.push_back(part);
      else
        apart.back().end = std::max(apart.back().end, part.end);
    }
    return apart;
  }

 private:
  void add(std::size_t begin, std::size_t end) {
    if (begin < end && text_.substr(begin, end - begin) != redacted) parts_.push_back({begin, end});
  }

  [[nodiscard]] std::size_t end_of_word(std::size_t from) const {
    return std::min(text_.find_first_of(ends_of_a_word, from), text_.size());
  }

  // Of a name that ends at `end`; `end`: there is none.
  [[nodiscard]] std::size_t begin_of_name(std::size_t end) const {
    constexpr std::size_t longest_name = 256;
    std::size_t begin = end;
    while (begin > 0 && is_of_name(text_[begin - 1])) --begin;
    return end - begin > longest_name ? end : begin;
  }

  [[nodiscard]] std::size_t end_of_name(std::size_t from) const {
    while (from < text_.size() && is_of_name(text_[from])) ++from;
    return from;
  }

  [[nodiscard]] std::size_t skip_blanks(std::size_t from) const {
    return std::min(text_.find_first_not_of(" \t", from), text_.size());
  }

  // All between two brackets, and they, but not [] and {}. Returns where it ends.
  std::size_t add_brackets(std::size_t from) {
    std::size_t open = 0;
    std::size_t end = from;
    for (bool is_open = true; is_open && end < text_.size(); ++end) {
      if (text_[end] == '{' || text_[end] == '[') ++open;
      if (text_[end] == '}' || text_[end] == ']') is_open = --open > 0;
    }
    if (end - from > 2) add(from, end);
    return end;
  }

  // A word, or all that stands between quotes.
  void add_word(std::size_t value) {
    if (value < text_.size() && (text_[value] == '"' || text_[value] == '\'')) {
      const std::size_t close = text_.find(text_[value], value + 1);
      add(value + 1, std::min(close, text_.size()));
    } else {
      add(value, end_of_word(value));
    }
  }

  // A name is what stands before '=' up to where a word begins.
  void find_assignments() {
    for (std::size_t equals = text_.find('='); equals != text_.npos; equals = text_.find('=', equals + 1)) {
      const std::size_t begin = begin_of_name(equals);
      if (begin == equals) continue;
      if (begin > 0 && (text_[begin - 1] == '?' || text_[begin - 1] == '&')) continue;  // of a URL
      if (!looks_secret(text_.substr(begin, equals - begin))) continue;
      add_word(equals + 1);
      // What else stands in this word is hidden with it; a quoted text may follow its last character.
      if (!parts_.empty()) equals = std::max(equals, parts_.back().end - 2);
    }
  }

  // --api-key VALUE, and -mca NAME VALUE. Another option is no value: --use-auth-token --lr 1.
  void find_options() {
    for (std::size_t dash = text_.find('-'); dash != text_.npos; dash = text_.find('-', dash + 1)) {
      if (dash > 0 && starts_of_options.find(text_[dash - 1]) == text_.npos) continue;
      std::size_t end = end_of_name(dash);
      std::string_view name = text_.substr(dash, end - dash);
      if (is_mca_option(name)) {
        const std::size_t parameter = skip_blanks(end);
        if (parameter == end) continue;
        end = end_of_name(parameter);
        name = text_.substr(parameter, end - parameter);
      }
      const std::size_t value = skip_blanks(end);
      if (value == end || value == text_.size() || !looks_secret(name)) continue;
      if (!is_option(text_.substr(value))) add_word(value);
    }
  }

  // The lines below, as far as they are further right than column `indent`.
  void add_block(std::size_t line, std::size_t indent) {
    std::size_t begin = text_.npos;
    std::size_t end = line;
    while (line < text_.size()) {
      const std::size_t next = std::min(text_.find('\n', line), text_.size());
      const std::size_t word = std::min(text_.find_first_not_of(' ', line), text_.size());
      if (word < next && word - line <= indent) break;
      if (word < next) {
        begin = std::min(begin, word);
        end = next;
      }
      line = next + 1;
    }
    if (begin != text_.npos) add(begin, end);
  }

  // password: VALUE, of YAML, and password = VALUE, of TOML and INI files, at the beginning of a line, of a
  // quoted text or of an entry between braces.
  void find_settings() {
    for (std::size_t sign = text_.find_first_of(":="); sign != text_.npos;
         sign = text_.find_first_of(":=", sign + 1)) {
      std::size_t end = sign;
      while (text_[sign] == '=' && end > 0 && text_[end - 1] == ' ') --end;
      if (text_[sign] == '=' && end == sign) continue;
      const std::size_t name = begin_of_name(end);
      if (name == end || !looks_secret(text_.substr(name, end - name))) continue;
      std::size_t before = name;
      while (before > 0 && (text_[before - 1] == ' ' || text_[before - 1] == '\t')) --before;
      if (before > 1 && text_[before - 1] == '-') {
        do --before;
        while (before > 0 && text_[before - 1] == ' ');
      }
      const char opens = before == 0 ? '\n' : text_[before - 1];
      if (std::string_view("\n\r{[,\"'").find(opens) == text_.npos) continue;
      add_setting(sign + 1, opens, name - before);
      if (!parts_.empty()) sign = std::max(sign, parts_.back().end - 1);
    }
  }

  void add_setting(std::size_t after, char opens, std::size_t indent) {
    const std::size_t value = skip_blanks(after);
    if (line_ < value) line_ = std::min(text_.find_first_of("\r\n", value), text_.size());
    const std::size_t line = line_;
    if (value == line || text_[value] == '|' || text_[value] == '>') {
      add_block(line + 1, indent);
    } else if (value == after) {
      return;  // http://, 10:30
    } else if (text_[value] == '"' || text_[value] == '\'') {
      add_word(value);
    } else if (text_[value] == '{' || text_[value] == '[') {
      add_brackets(value);
    } else {
      std::size_t end = line;
      if (opens == '{' || opens == ',' || opens == '[') end = text_.find_first_of(",}]", value);
      if (opens == '"' || opens == '\'') end = text_.find(opens, value);
      end = std::min(end, line);
      end = value + std::min(text_.substr(value, end - value).find(" #"), end - value);
      while (end > value && text_[end - 1] == ' ') --end;
      if (!is_switch(text_.substr(value, end - value))) add(value, end);
    }
  }

  [[nodiscard]] std::size_t backslashes_before(std::size_t at) const {
    std::size_t count = 0;
    while (count < at && text_[at - count - 1] == '\\') ++count;
    return count;
  }

  // "password": "…" and 'password': '…': JSON within other text, escaped or not, and dicts as Python shows
  // them. A list or a dict is hidden whole.
  void find_pairs() {
    for (std::size_t colon = text_.find(':'); colon != text_.npos; colon = text_.find(':', colon + 1)) {
      std::size_t end = colon;
      while (end > 0 && text_[end - 1] == ' ') --end;
      if (end < 2 || (text_[end - 1] != '"' && text_[end - 1] != '\'')) continue;
      const char quote = text_[--end];
      const std::size_t depth = backslashes_before(end);
      end -= depth;
      const std::size_t open = end == 0 ? text_.npos : text_.rfind(quote, end - 1);
      if (open == text_.npos || !looks_secret(text_.substr(open + 1, end - open - 1))) continue;
      std::size_t value = std::min(text_.find_first_not_of(' ', colon + 1), text_.size());
      if (value < text_.size() && (text_[value] == '{' || text_[value] == '[')) {
        colon = add_brackets(value) - 1;
        continue;
      }
      value += std::min(text_.find_first_not_of('\\', value), text_.size()) - value;
      if (value == text_.size() || (text_[value] != '"' && text_[value] != '\'')) continue;
      std::size_t close = text_.find(text_[value], value + 1);
      while (close != text_.npos && backslashes_before(close) > depth)
        close = text_.find(text_[value], close + 1);
      add(value + 1, close == text_.npos ? text_.size() : close - backslashes_before(close));
    }
  }

  void find_headers() {
    const std::string low = lower(text_);
    constexpr std::string_view header = "authorization:";
    for (std::size_t at = low.find(header); at != low.npos; at = low.find(header, at + 1)) {
      const std::size_t value = text_.find_first_not_of(' ', at + header.size());
      if (value != text_.npos) add(value, std::min(text_.find_first_of("\r\n\"'", value), text_.size()));
    }
    constexpr std::string_view bearer = "bearer ";
    for (std::size_t at = low.find(bearer); at != low.npos; at = low.find(bearer, at + 1)) {
      if (at > 0 && is_alphanumeric(low[at - 1])) continue;
      const std::size_t value = at + bearer.size();
      const std::size_t end = end_of_word(value);
      if (end >= value + shortest_token) add(value, end);
    }
  }

  std::string_view text_;
  std::vector<TextPart> parts_;
  std::size_t line_ = 0;  // where the line ends that add_setting() has read last
};

}  // namespace

bool is_option(std::string_view word) {
  return word.size() > 2 && word.starts_with("--") && std::isalpha(static_cast<unsigned char>(word[2])) != 0;
}

bool is_mca_option(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  static constexpr std::array<std::string_view, 5> names = {"mca", "gmca", "omca", "prtemca", "pmixmca"};
  return std::find(names.begin(), names.end(), word) != names.end();
}

std::vector<TextPart> find_secrets_in_text(std::string_view text) { return Finder(text).find(); }

}  // namespace smlaunch
