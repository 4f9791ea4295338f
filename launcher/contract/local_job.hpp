// SPDX-License-Identifier: Apache-2.0
// Outside a container the toolkit makes a job folder of its own (sagemaker_training/environment.py:
// ~/sagemaker_local/jobs/TIME/opt/ml, three files, four folders).
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/paths.hpp"
#include "launcher/contract/python_value.hpp"

namespace smlaunch {

// `seconds`: since the epoch, as text.
std::filesystem::path local_base_dir(const std::filesystem::path& home, const std::string& seconds);

// Its resourceconfig.json.
PyValue local_resource_config(const std::string& host);

// Makes folders and files. Errors (Fault::configuration): a file that cannot be written.
Result<void> make_local_job(const Paths& paths, const std::string& host);

}  // namespace smlaunch
