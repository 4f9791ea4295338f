// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/secret_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "launcher/plan/redaction.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view ends_of_a_word = " \t\r\n\"'<>`";
// Shorter words behind "bearer" are prose.
constexpr std::size_t shortest_token = 8;

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<TextPart> find() {
    find_urls();
    find_assignments();
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

  void find_urls() {
    for (std::size_t at = text_.find("://"); at != text_.npos; at = text_.find("://", at + 3)) {
      const std::size_t begin = at + 3;
      const std::size_t end = end_of_word(begin);
      const std::size_t end_of_host = std::min(text_.find_first_of("/?#", begin), end);
      const std::string_view host = text_.substr(begin, end_of_host - begin);
      if (const std::size_t login = host.rfind('@'); login != host.npos) {
        const std::size_t colon = host.find(':');
        const std::string scheme = lower(text_.substr(at < 5 ? 0 : at - 5, std::min<std::size_t>(at, 5)));
        if (colon < login)
          add(begin + colon + 1, begin + login);
        else if (scheme.ends_with("http") || scheme.ends_with("https"))
          add(begin, begin + login);
      }
      if (const std::size_t query = text_.find('?', end_of_host); query < end) find_in_query(query + 1, end);
    }
  }

  void find_in_query(std::size_t begin, std::size_t end) {
    while (begin < end) {
      const std::size_t next = std::min(text_.find_first_of("&;#", begin), end);
      const std::size_t equals = text_.find('=', begin);
      if (equals < next) {
        const std::string name = lower(text_.substr(begin, equals - begin));
        static constexpr std::array<std::string_view, 3> whole = {"key", "sig", "code"};
        if (name.ends_with("signature") || std::find(whole.begin(), whole.end(), name) != whole.end() ||
            looks_secret(text_.substr(begin, equals - begin)))
          add(equals + 1, next);
      }
      begin = next + 1;
    }
  }

  // A name is what stands before '=' up to where a word begins.
  void find_assignments() {
    for (std::size_t equals = text_.find('='); equals != text_.npos; equals = text_.find('=', equals + 1)) {
      std::size_t begin = equals;
      while (begin > 0 && (is_alphanumeric(text_[begin - 1]) || text_[begin - 1] == '_' ||
                           text_[begin - 1] == '-' || text_[begin - 1] == '.'))
        --begin;
      constexpr std::size_t longest_name = 256;
      if (begin == equals || equals - begin > longest_name) continue;
      if (begin > 0 && (text_[begin - 1] == '?' || text_[begin - 1] == '&')) continue;  // of a URL
      if (!looks_secret(text_.substr(begin, equals - begin))) continue;
      std::size_t value = equals + 1;
      if (value < text_.size() && (text_[value] == '"' || text_[value] == '\'')) {
        const std::size_t close = text_.find(text_[value], value + 1);
        add(value + 1, std::min(close, text_.size()));
      } else {
        add(value, end_of_word(value));
      }
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
};

}  // namespace

std::vector<TextPart> find_secrets_in_text(std::string_view text) { return Finder(text).find(); }

}  // namespace smlaunch
