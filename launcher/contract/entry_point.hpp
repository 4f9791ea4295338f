// SPDX-License-Identifier: Apache-2.0
// The program of a job (sagemaker_training/_entry_point_type.py, process.py).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

enum class EntryPointKind { python_program, python_package, command, framework_module };
std::string to_string(EntryPointKind kind);

struct EntryPoint {
  // "train.py", "run.sh", "pkg/train.py"; "-m pkg.train"; for a framework module "module:function"
  std::string name;
  EntryPointKind kind = EntryPointKind::python_program;
  std::vector<std::string> arguments;
  std::filesystem::path working_directory;
  bool has_interpreter_line = true;  // of a command: false when /bin/sh must run it
};

// The module of "-m pkg.train": `pkg.train`. The interpreter finds it by itself. Nothing for other names.
std::optional<std::string> parse_module_option(const std::string& name);

// The kind the toolkit gives to `name` in `directory`, but for what it cannot start: "-m pkg.train" is a
// package, a folder with a __main__.py is a program of Python's, and so are a .py file beside a setup.py whose
// path is no module's ("my-dir/train.py"), and a .pyz file that cannot be executed itself.
// Touches the file system.
EntryPointKind probe_entry_point_kind(const std::filesystem::path& directory, const std::string& name);

// Can the kernel start `file` itself: does it begin with "#!", or is it an ELF program? True for a file that
// is not there (yet).
bool probe_interpreter_line(const std::filesystem::path& file);

// A folder that Python runs: it holds a __main__.py.
bool is_python_folder(const std::filesystem::path& folder);

// The first line of a script, as execve(2) reads it. Empty where there is none.
struct InterpreterLine {
  std::string interpreter;
  std::string argument;           // the rest of the line, which is one argument
  bool ends_with_return = false;  // the line ends with CR LF
};
InterpreterLine read_interpreter_line(const std::filesystem::path& file);

// `name` in `directory` with its kind. To be called again when the user's code has been fetched into
// `directory`.
EntryPoint probe_entry_point(const std::filesystem::path& directory, const std::string& name,
                             std::vector<std::string> arguments);

// The file of a command as its process_command() names it.
std::string command_file(const EntryPoint& entry_point);

// What each rank executes: `PYTHON -- train.py ARG...`. `python`: the job's interpreter. `mpi4py`: run it as
// `-m mpi4py` (launcher mpi).
std::vector<std::string> process_command(const EntryPoint& entry_point, const std::string& python,
                                         bool mpi4py);

}  // namespace smlaunch
