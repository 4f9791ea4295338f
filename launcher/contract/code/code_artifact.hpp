// SPDX-License-Identifier: Apache-2.0
// pip's index in AWS CodeArtifact (sagemaker_training/modules.py, _get_codeartifact_index).
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/aws_credentials.hpp"
#include "launcher/contract/s3/http_client.hpp"

namespace smlaunch {

inline constexpr const char* code_artifact_variable = "CA_REPOSITORY_ARN";

struct CodeArtifactRepository {
  std::string partition;
  std::string region;
  std::string owner;  // the account
  std::string domain;
  std::string name;
  bool operator==(const CodeArtifactRepository&) const = default;
};

// "arn:PARTITION:codeartifact:REGION:ACCOUNT:repository/DOMAIN/NAME". Errors (Fault::configuration): it is
// none.
Result<CodeArtifactRepository> parse_code_artifact_arn(const std::string& arn);

// Where pip finds packages, and the token by which it logs in there. The token is a secret: it must not get
// into an argument, a variable or a line.
struct PackageIndex {
  std::string url;   // ends in /simple/, without the token
  std::string host;  // of the URL, without its port
  std::string user = "aws";
  std::string token;
};

// Asks CodeArtifact's HTTP API for both, signed with AWS Signature Version 4; at
// AWS_ENDPOINT_URL_CODEARTIFACT or AWS_ENDPOINT_URL of `variables` instead of AWS's own, if one is set.
// Errors (Fault::start) name the repository and what was answered.
Result<PackageIndex> ask_code_artifact(const CodeArtifactRepository& repository, const Variables& variables,
                                       HttpClient& http, AwsCredentialProvider& credentials);

// The index of a repository's endpoint: "…/pypi/NAME/" becomes "…/pypi/NAME/simple/".
std::string index_of_endpoint(std::string endpoint, const std::string& name);

// The text of pip's netrc(5) file: the user's own, then the entry for this index.
std::string render_netrc(const std::string& users, const PackageIndex& index);

}  // namespace smlaunch
