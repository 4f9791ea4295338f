// SPDX-License-Identifier: Apache-2.0
// The files of a container, parted by zero bytes: resourceconfig.json, hyperparameters.json, inputdataconfig.json, and
// of a job of the SDK v3 sourcecode.json and distributed.json.
#include <array>
#include <filesystem>
#include <fstream>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/process_counts.hpp"
#include "launcher/contract/trainer_job.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  static const std::filesystem::path base = [] {
    std::string name = (std::filesystem::temp_directory_path() / "fuzz-container-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(name.data());
    std::filesystem::create_directories(folder / "input/config");
    std::filesystem::create_directories(folder / "input/data");
    return folder;
  }();
  const std::filesystem::path drivers = base / "input/data/sm_drivers";
  const std::array<std::filesystem::path, 5> files = {
      base / "input/config/resourceconfig.json", base / "input/config/hyperparameters.json",
      base / "input/config/inputdataconfig.json", drivers / "sourcecode.json", drivers / "distributed.json"};
  std::filesystem::remove_all(drivers);
  for (const std::filesystem::path& file : files) {
    std::filesystem::remove(file);
    if (bytes.empty()) continue;
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  EnvironmentRequest request;
  request.base_dir = base;
  request.working_directory = base;
  const auto environment = read_environment(request);
  if (!environment) {
    must(!environment.error().problems.empty());
    return;
  }
  must(!environment->hosts.empty());
  (void)sm_variables(*environment);
  (void)parse_process_counts(*environment, LauncherKind::mpi);
  if (environment->trainer != nullptr) {
    (void)choose_trainer_launcher(*environment);
    (void)trainer_mpi_options(*environment->trainer);
    (void)trainer_variables(*environment);
  }
}

}  // namespace smlaunch
