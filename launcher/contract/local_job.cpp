// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/local_job.hpp"

#include <fstream>
#include <system_error>

namespace smlaunch {

namespace {

Result<void> write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (stream) return {};
  return failure(Fault::configuration, file.string(), "cannot be written",
                 "name a job's folder with --base-dir");
}

}  // namespace

std::filesystem::path local_base_dir(const std::filesystem::path& home, const std::string& seconds) {
  return home / "sagemaker_local" / "jobs" / seconds / "opt" / "ml";
}

PyValue local_resource_config(const std::string& host) {
  constexpr const char* group = "homogeneousCluster";
  const PyValue hosts = {PyList{{host}}};
  const PyValue only = {PyDict{{"instance_group_name", {std::string(group)}},
                               {"instance_type", {std::string("local")}},
                               {"hosts", hosts}}};
  return {PyDict{{"current_host", {host}},
                 {"hosts", hosts},
                 {"current_instance_group", {std::string(group)}},
                 {"instance_groups", {PyList{only}}}}};
}

Result<void> make_local_job(const Paths& paths, const std::string& host) {
  for (const auto& folder : {paths.model, paths.input_config, paths.output_data, paths.code}) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
      return failure(Fault::configuration, folder.string(), "cannot be made: " + error.message(),
                     "name a job's folder with --base-dir, or hosts with --hosts");
  }
  for (const auto& [name, text] : {std::pair<const char*, std::string>{"hyperparameters.json", "{}"},
                                   {"inputdataconfig.json", "{}"},
                                   {"resourceconfig.json", python_json_dumps(local_resource_config(host))}})
    if (auto written = write_text(paths.input_config / name, text); !written) return written;
  return {};
}

}  // namespace smlaunch
