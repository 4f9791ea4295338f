// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/install_step.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "base/read_file.hpp"

namespace smlaunch {
namespace {

// "[build-system]", "[ build-system ] # comment": how TOML begins a table.
bool begins_build_system(std::string_view line) {
  const auto skip_blanks = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  const auto take = [&line](std::string_view word) {
    if (!line.starts_with(word)) return false;
    line.remove_prefix(word.size());
    return true;
  };
  skip_blanks();
  if (!take("[")) return false;
  skip_blanks();
  if (!take("build-system")) return false;
  skip_blanks();
  return take("]");
}

bool has_build_system(const std::filesystem::path& file) {
  const std::string text = read_small_file(file.string());
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (begins_build_system(rest.substr(0, end))) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

CodeFacts probe_code_facts(const std::filesystem::path& code) {
  std::error_code error;
  CodeFacts facts;
  // A link that leads nowhere counts, as in probe_entry_point_kind(): pip says what is wrong with it.
  facts.has_setup = std::filesystem::exists(std::filesystem::symlink_status(code / "setup.py", error));
  facts.has_build_system = has_build_system(code / "pyproject.toml");
  facts.has_requirements = std::filesystem::exists(code / "requirements.txt", error);
  return facts;
}

InstallStep decide_install(EntryPointKind kind, const CodeFacts& facts, const std::string& python) {
  InstallStep step;
  if (kind == EntryPointKind::command || kind == EntryPointKind::framework_module) return step;
  if (facts.has_setup || facts.has_build_system)
    step.kind = InstallKind::module;
  else if (facts.has_requirements)
    step.kind = InstallKind::requirements;
  else
    return step;
  step.argv = {python, "-m", "pip", "install"};
  if (step.kind == InstallKind::module) step.argv.emplace_back(".");
  if (facts.has_requirements) step.argv.insert(step.argv.end(), {"-r", "requirements.txt"});
  return step;
}

InstallStep install_requirements(const std::string& requirements, const std::string& python) {
  if (requirements.empty()) return {};
  return {InstallKind::requirements, {python, "-m", "pip", "install", "-r", requirements}};
}

}  // namespace smlaunch
