// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/container_endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "launcher/contract/value_of.hpp"

namespace smlaunch {

namespace {

bool is_own(const std::string& host) {
  if (host == "localhost" || host == "169.254.170.2" || host == "169.254.170.23" || host == "fd00:ec2::23")
    return true;
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace

tl::expected<std::string, std::string> container_endpoint(const Variables& variables) {
  if (const std::string path = value_of(variables, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); !path.empty()) {
    if (path.front() != '/')
      return tl::unexpected(
          fmt::format("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is {}, which does not begin with '/'", path));
    return "http://169.254.170.2" + path;
  }
  const std::string full = value_of(variables, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty() || full.starts_with("https://")) return full;
  constexpr std::string_view scheme = "http://";
  std::string host = full.starts_with(scheme) ? full.substr(scheme.size()) : "";
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != std::string::npos) host.clear();
  host = host.starts_with('[') ? host.substr(1, host.find(']') - 1) : host.substr(0, host.find(':'));
  if (is_own(host)) return full;
  return tl::unexpected(fmt::format(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI is {}, which is neither https nor of this machine", full));
}

}  // namespace smlaunch
