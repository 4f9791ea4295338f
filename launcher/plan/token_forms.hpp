// SPDX-License-Identifier: Apache-2.0
// Secrets that are known by their own form, without a name beside them.
#pragma once

#include <string_view>
#include <vector>

#include "launcher/plan/secret_text.hpp"

namespace smlaunch {

// In order, apart from each other: tokens of GitHub (ghp_, gho_, ghu_, ghs_, ghr_, github_pat_), GitLab
// (glpat-), Hugging Face (hf_), Slack (xoxb- and its kin), OpenAI and Anthropic (sk-), keys of Google (AIza),
// JSON Web Tokens, and private keys in PEM, from their BEGIN to their END or to the end of the text. IDs of
// AWS's keys (AKIA) are no secrets, certificates and public keys neither.
std::vector<TextPart> find_token_forms(std::string_view text);

}  // namespace smlaunch
