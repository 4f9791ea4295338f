// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/split_url.hpp"

#include <algorithm>

namespace smlaunch {

UrlParts split_url(const std::string& url) {
  const auto scheme_end = url.find("://");
  const std::string scheme = url.substr(0, scheme_end);
  const auto begin = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const auto end = std::min(url.find_first_of("/?", begin), url.size());
  UrlParts parts;
  parts.host = url.substr(begin, end - begin);
  const std::string usual_port = scheme == "https" ? ":443" : ":80";
  if (parts.host.ends_with(usual_port)) parts.host.resize(parts.host.size() - usual_port.size());
  const auto question = url.find('?', end);
  parts.path = url.substr(end, question == std::string::npos ? question : question - end);
  if (parts.path.empty()) parts.path = "/";
  if (question != std::string::npos) parts.query = url.substr(question + 1);
  return parts;
}

}  // namespace smlaunch
