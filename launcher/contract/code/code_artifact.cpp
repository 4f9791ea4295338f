// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/code_artifact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "launcher/contract/code/code_artifact_json.hpp"
#include "launcher/contract/s3/s3_endpoint.hpp"

namespace smlaunch {
namespace {

std::string endpoint_of(const CodeArtifactRepository& repository, const Variables& variables) {
  for (const char* name : {"AWS_ENDPOINT_URL_CODEARTIFACT", "AWS_ENDPOINT_URL"}) {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) continue;
    std::string url = found->second;
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  return fmt::format("https://codeartifact.{}.amazonaws.com{}", repository.region,
                     repository.partition == "aws-cn" ? ".cn" : "");
}

std::string describe(const CodeArtifactRepository& repository) {
  return fmt::format("CodeArtifact repository {} of domain {}", repository.name, repository.domain);
}

tl::unexpected<Error> refuse(const CodeArtifactRepository& repository, std::string what) {
  return failure(Fault::start, describe(repository), std::move(what),
                 fmt::format("see {}, and that the job's role may read from it", code_artifact_variable));
}

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  std::string host = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  host = host.substr(host.rfind('@') == std::string::npos ? 0 : host.rfind('@') + 1);
  return host.substr(0, host.find(':'));
}

// As one word of a netrc file.
bool is_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; }) &&
         text.find_first_of("\"'\\#") == std::string::npos;
}

}  // namespace

Result<CodeArtifactRepository> parse_code_artifact_arn(const std::string& arn) {
  static const std::regex form("arn:([^:]+):codeartifact:([^:]+):([^:]+):repository/([^/]+)/(.+)");
  std::smatch part;
  if (!std::regex_match(arn, part, form))
    return failure(Fault::configuration, code_artifact_variable,
                   fmt::format("\"{}\" is no repository's ARN", arn),
                   "set it to arn:aws:codeartifact:REGION:ACCOUNT:repository/DOMAIN/NAME");
  return CodeArtifactRepository{
      .partition = part[1], .region = part[2], .owner = part[3], .domain = part[4], .name = part[5]};
}

std::string index_of_endpoint(std::string endpoint, const std::string& name) {
  if (endpoint.ends_with(name)) return endpoint + "/simple/";
  if (endpoint.ends_with(name + "/")) return endpoint + "simple/";
  return endpoint;
}

Result<PackageIndex> ask_code_artifact(const CodeArtifactRepository& repository, const Variables& variables,
                                       HttpClient& http, AwsCredentialProvider& credentials) {
  const std::string server = endpoint_of(repository, variables);
  const std::string owner = fmt::format("domain={}&domain-owner={}", percent_encode(repository.domain),
                                        percent_encode(repository.owner));
  const auto ask = [&](const char* method, const std::string& target,
                       const char* key) -> Result<std::string> {
    auto keys = credentials.get();
    if (!keys) return tl::unexpected(keys.error());
    HttpRequest request;
    request.method = method;
    request.url = server + target;
    request.signing = SigningScope{std::move(*keys), repository.region, "codeartifact"};
    const HttpAnswer answer = http.perform(request);
    if (!answer) return tl::unexpected(http_error(describe(repository), answer.error()));
    if (!answer->fine())
      return refuse(repository, fmt::format("{} answers {}{}", server, answer->status,
                                            describe_code_artifact_refusal(answer->header("x-amzn-errortype"),
                                                                           answer->body)));
    auto text = parse_code_artifact_answer(answer->body, key);
    if (!text) return refuse(repository, fmt::format("{} gives no {}", server, key));
    return std::move(*text);
  };
  auto token = ask("POST", "/v1/authorization-token?" + owner, "authorizationToken");
  if (!token) return tl::unexpected(token.error());
  auto endpoint = ask("GET",
                      fmt::format("/v1/repository/endpoint?{}&format=pypi&repository={}", owner,
                                  percent_encode(repository.name)),
                      "repositoryEndpoint");
  if (!endpoint) return tl::unexpected(endpoint.error());
  if (!endpoint->starts_with("https://") && !endpoint->starts_with("http://"))
    return refuse(repository, fmt::format("{} names an endpoint that is no URL", server));
  if (!is_word(*token))
    return refuse(repository, fmt::format("{} gives a token that pip cannot be told", server));
  PackageIndex index;
  index.url = index_of_endpoint(*endpoint, repository.name);
  index.host = host_of(index.url);
  index.token = std::move(*token);
  return index;
}

std::string render_netrc(const std::string& users, const PackageIndex& index) {
  return fmt::format("{}{}machine {} login {} password {}\n", users,
                     users.empty() || users.ends_with('\n') ? "" : "\n", index.host, index.user, index.token);
}

}  // namespace smlaunch
