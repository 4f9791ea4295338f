// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/hyperparameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/unicode.hpp"

namespace smlaunch {
namespace {

constexpr std::string_view prefix = "sagemaker_";
constexpr std::array<std::string_view, 9> toolkit_keys = {
    "sagemaker_program",        "sagemaker_submit_directory",    "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_region",         "sagemaker_container_log_level", "sagemaker_job_name",
    "default_user_module_name", "_tuning_objective_metric",      "sagemaker_s3_output",
};

std::string argument_value(const PyValue& value) {
  if (std::holds_alternative<PyNone>(value.data)) return {};
  const PyDict* dict = value.dict();
  if (dict == nullptr) return python_str(value);
  std::string joined;
  for (const auto* entry : sorted_entries(*dict)) {
    if (!joined.empty()) joined += ',';
    joined.append(entry->first).append("=").append(python_str(entry->second));
  }
  return joined;
}

std::string argument_name(const std::string& key) {
  if (key.empty()) return {};
  return (count_code_points(key) > 1 ? "--" : "-") + key;
}

}  // namespace

PyValue decode_hyperparameter(const PyValue& value) {
  const std::string* text = value.string();
  if (text == nullptr) return value;
  Result<PyValue> decoded = parse_python_json(*text);
  return decoded ? std::move(*decoded) : value;
}

Hyperparameters split_hyperparameters(const PyDict& raw) {
  Hyperparameters split;
  for (const auto& [key, value] : raw) {
    PyValue decoded = decode_hyperparameter(value);
    const bool own = std::find(toolkit_keys.begin(), toolkit_keys.end(), key) != toolkit_keys.end();
    const bool prefixed = std::string_view(key).substr(0, prefix.size()) == prefix;
    split.all.emplace_back(key, decoded);
    if (prefixed && !own) split.framework.emplace_back(key, decoded);
    (prefixed || own ? split.sagemaker : split.user).emplace_back(key, std::move(decoded));
  }
  return split;
}

void check_hyperparameters(const Hyperparameters& hyperparameters, ConfigProblems& problems) {
  for (const auto& [key, value] : hyperparameters.user) {
    const std::string path = json_path({}, key);
    if (const auto problem = variable_name_problem(key)) {
      problems.add(path, fmt::format("the name {}, so no SM_HP_ variable can have it", *problem),
                   "rename the hyperparameter");
    } else if (!system_bytes(argument_value(value)) || !system_bytes(variable_value(value))) {
      problems.add(path, "the value holds a character that no argument can hold (NUL or a lone surrogate)",
                   "encode the value, for example as base64");
    }
  }
}

std::vector<std::string> command_arguments(const PyDict& user) {
  std::vector<std::string> arguments;
  arguments.reserve(2 * user.size());
  for (const auto* entry : sorted_entries(user)) {
    arguments.push_back(argument_name(entry->first));
    arguments.push_back(argument_value(entry->second));
  }
  return arguments;
}

std::string variable_value(const PyValue& value) {
  if (std::holds_alternative<PyNone>(value.data)) return {};
  const std::string* text = value.string();
  return text != nullptr ? *text : python_json_dumps(value);
}

std::optional<std::string> variable_name_problem(std::string_view name) {
  if (name.find('=') != std::string_view::npos) return "holds '='";
  if (name.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (!system_bytes(name)) return "holds a lone surrogate";
  return {};
}

std::optional<std::string> system_bytes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_code_point(text, at);
    const std::size_t length = point.length == 0 ? 1 : point.length;
    const bool stands_for_byte = point.value >= 0xDC80 && point.value <= 0xDCFF;
    if (text[at] == '\0' || (is_surrogate(point.value) && !stands_for_byte)) return std::nullopt;
    if (stands_for_byte) {
      bytes += static_cast<char>(static_cast<unsigned char>(point.value - 0xDC00U));
    } else {
      bytes.append(text.substr(at, length));
    }
    at += length;
  }
  return bytes;
}

}  // namespace smlaunch
