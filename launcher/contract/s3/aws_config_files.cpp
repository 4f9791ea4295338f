// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/aws_config_files.hpp"

#include <fmt/format.h>

#include "base/read_file.hpp"
#include "launcher/contract/value_of.hpp"

namespace smlaunch {

namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::filesystem::path expand_home(const std::string& path, const std::string& home) {
  if (path.starts_with("~/") && !home.empty()) return home + path.substr(1);
  return path;
}

}  // namespace

AwsProfile parse_aws_section(std::string_view text, std::string_view section) {
  AwsProfile profile;
  bool inside = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      inside = trim(content.substr(1, content.find(']') - 1)) == section;
      continue;
    }
    const auto equals = content.find('=');
    if (!inside || equals == std::string_view::npos || line.front() == ' ' || line.front() == '\t') continue;
    profile[std::string(trim(content.substr(0, equals)))] = trim(content.substr(equals + 1));
  }
  return profile;
}

AwsFiles aws_files(const Variables& variables) {
  AwsFiles files;
  const std::string home = value_of(variables, "HOME");
  files.profile = value_of(variables, "AWS_PROFILE");
  if (files.profile.empty()) files.profile = value_of(variables, "AWS_DEFAULT_PROFILE");
  if (files.profile.empty()) files.profile = "default";
  files.credentials = expand_home(value_of(variables, "AWS_SHARED_CREDENTIALS_FILE"), home);
  files.config = expand_home(value_of(variables, "AWS_CONFIG_FILE"), home);
  if (files.credentials.empty() && !home.empty()) files.credentials = home + "/.aws/credentials";
  if (files.config.empty() && !home.empty()) files.config = home + "/.aws/config";
  return files;
}

AwsProfile read_credentials_profile(const AwsFiles& files) {
  return parse_aws_section(read_small_file(files.credentials.string()), files.profile);
}

AwsProfile read_config_profile(const AwsFiles& files) {
  const std::string text = read_small_file(files.config.string());
  AwsProfile profile = parse_aws_section(text, fmt::format("profile {}", files.profile));
  if (profile.empty() && files.profile == "default") profile = parse_aws_section(text, "default");
  return profile;
}

}  // namespace smlaunch
