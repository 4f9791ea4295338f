// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/http_failure.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "launcher/contract/s3/split_url.hpp"

namespace smlaunch {

HttpFault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return HttpFault::name;
    case CURLE_COULDNT_CONNECT: return HttpFault::connect;
    case CURLE_OPERATION_TIMEDOUT: return HttpFault::stalled;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM: return HttpFault::tls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return HttpFault::request;
    default: return HttpFault::cut;
  }
}

std::string words_of(const CurlLibrary& curl, CURLcode code, HttpFault fault, const HttpRequest& request,
                     CURL* easy, const char* message) {
  const std::string host = split_url(request.url).host;
  long number = 0;
  curl.easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  const std::string reason = number == 0 ? "" : fmt::format(": {}", std::strerror(static_cast<int>(number)));
  double connected_after = 0;
  curl.easy_getinfo(easy, CURLINFO_CONNECT_TIME, &connected_after);
  switch (fault) {
    case HttpFault::name: return fmt::format("the name of {} has no address", host);
    case HttpFault::connect: return fmt::format("cannot connect to {}{}", host, reason);
    case HttpFault::stalled:
      if (connected_after == 0) return fmt::format("{} does not answer a connection", host);
      return fmt::format("{} sends and takes nothing any more", host);
    case HttpFault::cut:
      return fmt::format("the connection to {} was cut ({})", host, curl.easy_strerror(code));
    default: return *message != '\0' ? message : curl.easy_strerror(code);
  }
}

bool may_pass(HttpFault fault) {
  return fault == HttpFault::name || fault == HttpFault::connect || fault == HttpFault::cut ||
         fault == HttpFault::stalled;
}

Error http_error(std::string where, const HttpFailure& failure) {
  const auto remedy = [&]() -> std::string {
    switch (failure.fault) {
      case HttpFault::name:
      case HttpFault::connect: return "is the address right, and does this host's network reach it?";
      case HttpFault::no_library: return "install libcurl (Debian: libcurl4)";
      case HttpFault::tls: return "name the certificates to be trusted in AWS_CA_BUNDLE";
      case HttpFault::cut:
      case HttpFault::stalled: return "is the network or the server overloaded? then run it again";
      default: return "";
    }
  }();
  return {Fault::start, {{std::move(where), failure.what, remedy}}};
}

}  // namespace smlaunch
