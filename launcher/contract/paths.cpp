// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/paths.hpp"

#include <system_error>

namespace smlaunch {

Paths make_paths(const std::filesystem::path& base) {
  std::error_code error;
  std::filesystem::path absolute = base;
  if (!base.is_absolute()) absolute = std::filesystem::current_path(error) / base;
  absolute = absolute.lexically_normal();
  if (!absolute.has_filename() && absolute != absolute.root_path()) absolute = absolute.parent_path();

  Paths paths;
  paths.base = absolute;
  paths.code = absolute / "code";
  paths.model = absolute / "model";
  paths.input = absolute / "input";
  paths.input_config = paths.input / "config";
  paths.input_data = paths.input / "data";
  paths.output = absolute / "output";
  paths.output_data = paths.output / "data";
  paths.output_intermediate = paths.output / "intermediate";
  paths.own = paths.output_data / "smlaunch";
  paths.success = paths.output / "success";
  paths.failure = paths.output / "failure";
  return paths;
}

}  // namespace smlaunch
