// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/exec_failure.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "launcher/contract/entry_point.hpp"
#include "launcher/contract/executable.hpp"

namespace smlaunch {

namespace {

bool is_mounted(const std::filesystem::path& file, unsigned long flags) {
  struct statvfs facts {};
  return statvfs(file.c_str(), &facts) == 0 && (facts.f_flag & flags) != 0;
}

bool may_be_executed(const std::filesystem::path& file) { return access(file.c_str(), X_OK) == 0; }

std::string explain_missing(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return "";
  const InterpreterLine line = read_interpreter_line(file);
  if (line.ends_with_return)
    return "its first line ends with CR LF, as Windows writes it, and the kernel takes the CR for a part of "
           "the "
           "name; convert the file with dos2unix, or with sed -i 's/\\r$//'";
  if (!line.interpreter.empty())
    return fmt::format("its interpreter {} does not exist; name an interpreter that exists in its first line",
                       line.interpreter);
  return "the loader that it was linked for does not exist; build it for this system";
}

std::string explain_denied(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    return "it is a folder; name the program in it, or a folder with a __main__.py, which Python runs";
  if (is_mounted(file, ST_NOEXEC))
    return "its file system is mounted noexec; copy it elsewhere, or name its interpreter before it";
  if (!may_be_executed(file)) return "it is not executable; chmod +x it";
  return "";
}

}  // namespace

std::string explain_exec_failure(const std::string& program, const std::filesystem::path& directory,
                                 int error) {
  if (program.find('/') == std::string::npos) return "";
  const std::filesystem::path file = directory / program;
  switch (error) {
    case ENOENT: return explain_missing(file);
    case EACCES: return explain_denied(file);
    case ENOEXEC: return "it is neither a program for this machine nor a script that begins with #!";
    default: return "";
  }
}

std::optional<std::vector<std::string>> through_interpreter(const std::vector<std::string>& argv,
                                                            const std::filesystem::path& directory) {
  const std::string& program = argv.front();
  if (program.find('/') == std::string::npos) return {};
  const std::filesystem::path file = directory / program;
  if (!is_program_below(program, directory) && !is_mounted(file, ST_NOEXEC | ST_RDONLY)) return {};
  const InterpreterLine line = read_interpreter_line(file);
  // If the interpreter is such a script itself, this would go round in circles.
  if (line.interpreter.empty() || line.ends_with_return || !may_be_executed(directory / line.interpreter))
    return {};
  std::vector<std::string> words = {line.interpreter};
  if (!line.argument.empty()) words.push_back(line.argument);
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

}  // namespace smlaunch
