// SPDX-License-Identifier: Apache-2.0
// SageMaker's JSON files, as Python reads them.
#include "launcher/contract/python_value.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const auto value = parse_python_json(bytes);
  if (!value) return;
  const std::string text = python_json_dumps(*value);
  const auto again = parse_python_json(text);
  must(again && python_json_dumps(*again) == text);
}

}  // namespace smlaunch
