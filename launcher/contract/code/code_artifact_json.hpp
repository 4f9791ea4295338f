// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace smlaunch {

// The text at `key` of CodeArtifact's answer; nothing: there is none, or the answer is no JSON object.
std::optional<std::string> parse_code_artifact_answer(const std::string& body, const std::string& key);

// " (AccessDeniedException: …)": what its refusal says, as far as it says something. `type`:
// x-amzn-errortype.
std::string describe_code_artifact_refusal(const std::string& type, const std::string& body);

}  // namespace smlaunch
