// SPDX-License-Identifier: Apache-2.0
// Reading a JSON file of BASE/input/config, and saying where in it a mistake is.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/python_value.hpp"

namespace smlaunch {

// The value in `file`; nothing where there is no such file.
Result<std::optional<PyValue>> read_config_file(const std::filesystem::path& file);

// Collects the problems of one source: a file, or the hosts of the command line.
class ConfigProblems {
 public:
  ConfigProblems(std::string source, std::vector<Problem>& problems)
      : source_(std::move(source)), problems_(problems) {}

  // `path`: a JSON path such as "hosts[2]"; empty for the whole source.
  void add(const std::string& path, std::string what, std::string remedy = {});
  // A problem in another place than this source.
  void add_elsewhere(std::string where, std::string what, std::string remedy);
  [[nodiscard]] Problem make(const std::string& path, std::string what, std::string remedy = {}) const;

  // The text, list or object at `path`, else nullptr and a problem.
  const std::string* expect_text(const PyValue& value, const std::string& path);
  const PyList* expect_list(const PyValue& value, const std::string& path);
  const PyDict* expect_dict(const PyValue& value, const std::string& path);

 private:
  std::string source_;
  std::vector<Problem>& problems_;
};

// "hosts[2]", "instance_groups[0].hosts", "[\"odd key\"]".
std::string json_path(const std::string& parent, std::size_t index);
std::string json_path(const std::string& parent, std::string_view key);

// A value for a message: short; of a list or object only its kind.
std::string describe_value(const PyValue& value);

}  // namespace smlaunch
