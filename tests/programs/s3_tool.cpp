// SPDX-License-Identifier: Apache-2.0
// Objects by hand, with the credentials and the endpoint of the environment: s3_tool get URL FILE | put FILE
// URL | list URL. Ends with 1 and a line for each problem where that fails.
#include <cstdio>
#include <string>
#include <vector>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/s3_client.hpp"

extern char** environ;

namespace {

using namespace smlaunch;

Variables variables_of_process() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    variables[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  }
  return variables;
}

Result<void> run(S3Client& client, const std::vector<std::string>& words) {
  const bool puts = words[0] == "put";
  const auto url = parse_s3_url(puts ? words.at(2) : words.at(1));
  if (!url) return tl::unexpected(url.error());
  if (puts) return client.upload(words.at(1), *url);
  if (words[0] == "get") return client.download(*url, words.at(2));
  const auto objects = client.list(*url);
  if (!objects) return tl::unexpected(objects.error());
  for (const S3Object& object : *objects)
    std::printf("%llu %s\n", static_cast<unsigned long long>(object.size), object.key.c_str());
  return {};
}

}  // namespace

int main(int count, char** words) {
  S3Client client(variables_of_process());
  const auto done = run(client, {words + 1, words + count});
  if (done) return 0;
  for (const Problem& problem : done.error().problems)
    std::fprintf(stderr, "%s: %s; %s\n", problem.where.c_str(), problem.what.c_str(), problem.remedy.c_str());
  return 1;
}
