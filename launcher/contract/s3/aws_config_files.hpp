// SPDX-License-Identifier: Apache-2.0
// ~/.aws/credentials and ~/.aws/config.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

using AwsProfile = std::map<std::string, std::string>;  // "aws_access_key_id" -> its value

// The settings below [SECTION], as botocore reads them: `key = value`, comments in lines of their own that
// begin with # or ;, indented lines belong to a nested setting and are passed over. Empty where there is no
// such section.
AwsProfile parse_aws_section(std::string_view text, std::string_view section);

struct AwsFiles {
  std::string profile;  // AWS_PROFILE, else "default"
  std::filesystem::path
      credentials;  // AWS_SHARED_CREDENTIALS_FILE, else HOME/.aws/credentials; empty without HOME
  std::filesystem::path config;  // AWS_CONFIG_FILE, else HOME/.aws/config
};
AwsFiles aws_files(const Variables& variables);

// Empty where the file or the profile is not there.
AwsProfile read_credentials_profile(const AwsFiles& files);
AwsProfile read_config_profile(const AwsFiles& files);

}  // namespace smlaunch
