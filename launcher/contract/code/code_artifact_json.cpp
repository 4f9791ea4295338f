// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/code_artifact_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace smlaunch {

std::optional<std::string> parse_code_artifact_answer(const std::string& body, const std::string& key) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

std::string describe_code_artifact_refusal(const std::string& type, const std::string& body) {
  const std::string name = type.substr(0, type.find_first_of(":;"));
  const std::string message = parse_code_artifact_answer(body, "message").value_or("");
  if (name.empty() && message.empty()) return "";
  return fmt::format(" ({}{}{})", name, name.empty() || message.empty() ? "" : ": ", message);
}

}  // namespace smlaunch
