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

bool names_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 3> whole = {"key", "sig", "code"};
  const std::string low = lower(name);
  return low.ends_with("signature") || std::find(whole.begin(), whole.end(), low) != whole.end() ||
         looks_secret(name);
}

// `only_first`: this query is a part of another, which has the rest. Returns where what it has read ends.
std::size_t find_in_query(std::string_view text, std::size_t begin, std::size_t end, bool only_first,
                          std::vector<TextPart>& found) {
  constexpr std::size_t longest_name = 256;
  while (begin < end) {
    const std::string_view query = text.substr(begin, end - begin);
    const std::size_t equals = query.substr(0, longest_name).find_first_of("=&;#");
    const bool is_secret =
        equals != query.npos && query[equals] == '=' && names_secret(query.substr(0, equals));
    if (only_first && !is_secret) return begin;
    const std::size_t next = begin + std::min(query.find_first_of("&;#"), query.size());
    if (is_secret && begin + equals + 1 < next) found.push_back({begin + equals + 1, next});
    if (only_first) return next;
    begin = next + 1;
  }
  return end;
}

}  // namespace

std::vector<TextPart> find_secrets_in_urls(std::string_view text) {
  std::vector<TextPart> found;
  const auto add = [&](std::size_t from, std::size_t to) {
    if (from < to) found.push_back({from, to});
  };
  std::size_t end = 0;  // of the word
  std::size_t end_of_query = 0;
  for (std::size_t at = text.find("://"); at != text.npos; at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    if (end < begin) end = std::min(text.find_first_of(ends_of_a_word, begin), text.size());
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
    if (const std::size_t query = text.find('?', end_of_host); query < end) {
      const bool is_within = query < end_of_query;
      const std::size_t next = find_in_query(text, query + 1, end, is_within, found);
      if (is_within)
        at = std::max(at, next - std::min<std::size_t>(next, 3));
      else
        end_of_query = next;
    }
  }
  return found;
}

}  // namespace smlaunch
