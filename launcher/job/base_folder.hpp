// SPDX-License-Identifier: Apache-2.0
// BASE, the folder where the job's input, code and output lie, and who says so.
#pragma once

#include <string>

#include "launcher/contract/environment.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

inline constexpr const char* container_base_dir = "/opt/ml";
inline constexpr const char* base_dir_variable = "SAGEMAKER_BASE_DIR";

struct BaseFolder {
  std::string path = container_base_dir;
  std::string source = "default";
  // Outside a container, with no host named: a run makes a folder for this job, as the toolkit does, and
  // tells the ranks by SAGEMAKER_BASE_DIR; all else shows what it would be.
  bool is_of_this_job = false;
  bool is_made = true;  // false: of this job, and not made yet
};

// What is asked of the world to choose it.
struct BaseFolderFacts {
  bool has_container = false;  // /opt/ml is there
  std::string seconds;         // since the epoch
  bool has_hosts = false;      // a scheduler names the hosts
};

// --base-dir, $SAGEMAKER_BASE_DIR, /opt/ml, a folder of this job's own.
BaseFolder choose_base_folder(const Options& options, const Variables& variables,
                              const BaseFolderFacts& facts);

// The same for this machine and now: to be asked once, for each time has a folder of its own.
BaseFolder find_base_folder(const Options& options, const Variables& variables, bool has_hosts);

// Whether there is no job at all here: no program is named, no host, no folder and no container.
bool is_without_job(const Options& options, const Variables& variables, const BaseFolder& base);

}  // namespace smlaunch
