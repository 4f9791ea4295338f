// SPDX-License-Identifier: Apache-2.0
// Where things lie in a SageMaker training container (sagemaker_training/environment.py).
#pragma once

#include <filesystem>

namespace smlaunch {

struct Paths {
  std::filesystem::path base;                 // /opt/ml
  std::filesystem::path code;                 // BASE/code
  std::filesystem::path model;                // BASE/model
  std::filesystem::path input;                // BASE/input
  std::filesystem::path input_config;         // BASE/input/config
  std::filesystem::path input_data;           // BASE/input/data
  std::filesystem::path output;               // BASE/output
  std::filesystem::path output_data;          // BASE/output/data
  std::filesystem::path output_intermediate;  // BASE/output/intermediate
  std::filesystem::path own;                  // BASE/output/data/smlaunch: report, events, long variables
  std::filesystem::path success;              // BASE/output/success
  std::filesystem::path failure;              // BASE/output/failure
};

// Makes `base` absolute (lexically, without looking at links in the file system).
Paths make_paths(const std::filesystem::path& base);

}  // namespace smlaunch
