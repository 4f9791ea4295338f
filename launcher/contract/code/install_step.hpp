// SPDX-License-Identifier: Apache-2.0
// What pip installs before the program runs (sagemaker_training/entry_point.py, modules.py).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "launcher/contract/entry_point.hpp"

namespace smlaunch {

// Files of the code folder.
struct CodeFacts {
  bool has_setup = false;  // setup.py
  bool has_build_system =
      false;  // pyproject.toml with a table [build-system]; without one it only sets up tools
  bool has_requirements = false;  // requirements.txt
};
CodeFacts probe_code_facts(const std::filesystem::path& code);

enum class InstallKind { none, module, requirements };

struct InstallStep {
  InstallKind kind = InstallKind::none;
  std::vector<std::string> argv;  // to be run in the code folder
};

// As in the toolkit: a package with its requirements by one pip; a program's requirements; nothing for a
// command, or for a framework's module, which installs by itself. Beyond the toolkit: pyproject.toml makes a
// package, too.
InstallStep decide_install(EntryPointKind kind, const CodeFacts& facts, const std::string& python);

// In a job of SageMaker's SDK v3: the file that it names. Empty: nothing.
InstallStep install_requirements(const std::string& requirements, const std::string& python);

}  // namespace smlaunch
