// SPDX-License-Identifier: Apache-2.0
// A container's folder made up for one test.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "smlaunch_contract_XXXXXX").native();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void write(const std::filesystem::path& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::filesystem::path& name) const {
    std::ostringstream text;
    text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path path_;
};

inline constexpr const char* two_hosts = R"({"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]})";

// A job of two hosts; `hyperparameters` and `resource` are the files' text, none where empty.
class Container : public Folder {
 public:
  explicit Container(const std::string& hyperparameters = "{}", const std::string& resource = two_hosts) {
    if (!hyperparameters.empty()) write("input/config/hyperparameters.json", hyperparameters);
    if (!resource.empty()) write("input/config/resourceconfig.json", resource);
    request.base_dir = path();
    request.working_directory = path();
    request.num_cpus = 2;
  }

  [[nodiscard]] Environment environment() const {
    Result<Environment> result = read_environment(request);
    if (!result) {
      for (const Problem& problem : result.error().problems)
        ADD_FAILURE() << problem.where << ": " << problem.what;
      return {};
    }
    return *result;
  }

  // What is wrong, one problem a line: "WHERE: WHAT", with BASE for this folder.
  [[nodiscard]] std::string problems() const {
    const Result<Environment> result = read_environment(request);
    if (result) return "no problem";
    EXPECT_EQ(result.error().fault, Fault::configuration);
    return lines(result.error().problems);
  }
  [[nodiscard]] std::string warnings() const { return lines(environment().warnings); }

  EnvironmentRequest request;

 private:
  [[nodiscard]] std::string lines(const std::vector<Problem>& problems) const {
    std::string text;
    for (const Problem& problem : problems) {
      if (!text.empty()) text += '\n';
      text += problem.where + ": " + problem.what;
    }
    const std::string base = path().native();
    for (auto at = text.find(base); at != std::string::npos; at = text.find(base)) {
      text.replace(at, base.size(), "BASE");
    }
    return text;
  }
};

}  // namespace smlaunch
