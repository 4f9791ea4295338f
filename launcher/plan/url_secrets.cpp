// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/url_secrets.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "launcher/plan/redaction.hpp"

namespace smlaunch {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

void find_in_query(std::string_view text, std::size_t begin, std::size_t end, std::vector<TextPart>& found) {
  while (begin < end) {
    const std::size_t next = std::min(text.find_first_of("&;#", begin), end);
    const std::size_t equals = text.find('=', begin);
    if (equals < next) {
      const std::string name = lower(text.substr(begin, equals - begin));
      static constexpr std::array<std::string_view, 3> whole = {"key", "sig", "code"};
      if (name.ends_with("signature") || std::find(whole.begin(), whole.end(), name) != whole.end() ||
          looks_secret(text.substr(begin, equals - begin)))
        if (equals + 1 < next) found.push_back({equals + 1, next});
    }
    begin = next + 1;
  }
}

}  // namespace

std::vector<TextPart> find_secrets_in_urls(std::string_view text) {
  std::vector<TextPart> found;
  const auto add = [&](std::size_t from, std::size_t to) {
    if (from < to) found.push_back({from, to});
  };
  for (std::size_t at = text.find("://"); at != text.npos; at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of(ends_of_a_word, begin), text.size());
    const std::size_t end_of_host = std::min(text.find_first_of("/?#", begin), end);
    const std::string_view host = text.substr(begin, end_of_host - begin);
    if (const std::size_t login = host.rfind('@'); login != host.npos) {
      const std::size_t colon = host.find(':');
      const std::string scheme = lower(text.substr(at < 5 ? 0 : at - 5, std::min<std::size_t>(at, 5)));
      if (colon < login)
        add(begin + colon + 1, begin + login);
      else if (scheme.ends_with("http") || scheme.ends_with("https"))
        add(begin, begin + login);
    }
    if (const std::size_t query = text.find('?', end_of_host); query < end)
      find_in_query(text, query + 1, end, found);
  }
  return found;
}

}  // namespace smlaunch
