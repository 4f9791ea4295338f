// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/excluded_hosts.hpp"

#include <algorithm>
#include <unordered_set>

namespace smlaunch {

namespace {

std::string lower(std::string_view name) {
  std::string key(name);
  for (char& c : key)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return key;
}

bool is_address(std::string_view name) {
  return name.find(':') != std::string_view::npos ||
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string without_domain(const std::string& name) {
  return is_address(name) ? name : name.substr(0, name.find('.'));
}

// Without hosts: only blanks and comments.
bool is_empty_list(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#' && !line.substr(first).starts_with("//"))
      return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

Result<std::vector<std::string>> parse_excluded_file(std::string_view text, std::string_view file) {
  std::vector<std::string> names;
  if (is_empty_list(text)) return names;
  const auto hosts = parse_hostfile(text, file);
  if (!hosts) return tl::unexpected(hosts.error());
  for (const HostSlots& host : *hosts) names.push_back(host.name);
  return names;
}

std::vector<std::string> take_out_hosts(std::vector<HostSlots>& hosts,
                                        const std::vector<std::string>& excluded) {
  std::unordered_set<std::string> whole;
  std::unordered_set<std::string> shortened;  // of those with a domain, for a host that is named without
  for (const std::string& name : excluded) {
    whole.insert(lower(name));
    shortened.insert(without_domain(lower(name)));
  }
  std::vector<std::string> out;
  std::vector<HostSlots> left;
  for (HostSlots& host : hosts) {
    const std::string name = lower(host.name);
    const std::string bare = without_domain(name);
    const bool is_out =
        whole.contains(name) || (bare == name ? shortened.contains(name) : whole.contains(bare));
    if (is_out)
      out.push_back(host.name);
    else
      left.push_back(std::move(host));
  }
  hosts = std::move(left);
  return out;
}

}  // namespace smlaunch
