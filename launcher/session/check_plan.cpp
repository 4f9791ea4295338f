// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/check_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/openssl_library.hpp"
#include "base/own_words.hpp"
#include "launcher/contract/efa_instances.hpp"
#include "launcher/contract/first_line.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/job/job_interface.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/this_host/neuron.hpp"
#include "topology/efa.hpp"

namespace smlaunch {

namespace {

// What no program can be; empty: a file, a folder, or nothing is there.
std::string_view special_kind(const std::filesystem::path& file) {
  std::error_code error;
  switch (std::filesystem::status(file, error).type()) {
    case std::filesystem::file_type::fifo: return "a named pipe";
    case std::filesystem::file_type::socket: return "a socket";
    case std::filesystem::file_type::character:
    case std::filesystem::file_type::block: return "a device";
    default: return "";
  }
}

// Where a starter starts the ranks in its own way, one process of ours stands for all ranks of its host.
Result<void> check_only_ranks(const Options& options, const LaunchPlan& plan) {
  if (!options.only_ranks) return {};
  const std::string where = source_of(options, "only-ranks", "--only-ranks");
  const int world_size = std::max(plan.job_world_size, plan.world_size());
  if (has_starter(plan.launcher) && !starts_ranks_by_us(plan))
    return failure(Fault::usage, where,
                   fmt::format("the ranks' lines come through {}, which does not tell whose they are",
                               to_string(plan.launcher)),
                   "leave it out, or take --launcher ddp");
  if (options.only_ranks->back() < world_size) return {};
  return failure(
      Fault::usage, where,
      fmt::format("there is no rank {}, they are 0 to {}", options.only_ranks->back(), world_size - 1),
      "name ranks of the job");
}

std::string own_provider(const LaunchPlan& plan, const Variables& variables) {
  for (const Variables* given : {&plan.user_variables, &variables})
    if (const auto found = given->find("FI_PROVIDER"); found != given->end()) return found->second;
  return "";
}

// Agents and hosts would otherwise be lost one by one.
Result<void> check_openssl(const LaunchPlan& plan) {
  if (plan.cluster.hosts.size() <= 1) return {};
  const auto error = openssl_error();
  if (!error) return {};
  return failure(Fault::start, "OpenSSL", "cannot be opened, and hosts talk to each other by it: " + *error,
                 "install OpenSSL 3 (Debian: libssl3)");
}

bool runs_here(const LaunchPlan& plan) {
  const auto& hosts = plan.cluster.hosts;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const Host& host) { return host.name == plan.current_host; });
}

}  // namespace

// What is searched on PATH is found when it is executed: each host has its own.
Result<void> check_entry_point(const EntryPoint& entry) {
  std::string name = entry.kind == EntryPointKind::python_program ? entry.name : "";
  if (entry.kind == EntryPointKind::command) name = command_file(entry);
  if (name.empty()) return {};
  const std::filesystem::path file = (entry.working_directory / name).lexically_normal();
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error)
    return failure(Fault::start, file.string(), "does not exist",
                   "name a file that is there, or a program on PATH");
  if (const std::string_view kind = special_kind(file); !kind.empty())
    return failure(Fault::start, file.string(), fmt::format("is {}, not a program", kind),
                   "name the program's file");
  if (entry.kind != EntryPointKind::command) return {};
  if (std::filesystem::is_directory(file, error))
    return failure(Fault::start, file.string(), "is a folder, and Python finds no __main__.py in it",
                   "name the program in it");
  const InterpreterLine line = read_interpreter_line(file);
  if (line.ends_with_return)
    return failure(Fault::start, file.string(),
                   "its first line ends with CR LF, as Windows writes it: no such interpreter is there",
                   "convert it with dos2unix, or with sed -i 's/\\r$//'");
  if (!entry.has_interpreter_line && is_text_of_windows(file))
    return failure(
        Fault::start, file.string(),
        "its lines end with CR LF, as Windows writes them: a shell takes the CR for a part of its words",
        "convert it with dos2unix, or with sed -i 's/\\r$//'");
  const std::string& interpreter = line.interpreter;
  if (interpreter.empty() || std::filesystem::exists(entry.working_directory / interpreter, error) || error)
    return {};
  return failure(Fault::start, file.string(), fmt::format("its interpreter {} does not exist", interpreter),
                 "name an interpreter that exists in its first line");
}

Result<void> check_plan(const Options& options, const LaunchPlan& plan) {
  // mpirun itself would hang, or say something else.
  if (auto usable = check_own_interfaces(plan); !usable) return usable;
  if (auto opened = check_openssl(plan); !opened) return opened;
  if (runs_here(plan))
    if (auto there = check_entry_point(plan.entry_point); !there) return there;
  return check_only_ranks(options, plan);
}

void warn_of_plan(const LaunchPlan& plan, const Variables& variables) {
  std::vector<std::string> sentences = plan.warnings;
  for (const Host& host : plan.cluster.hosts) {
    if (host.name != plan.current_host) continue;
    if (plan.launcher != LauncherKind::process && !host.instance_type.empty())
      sentences.push_back(describe_efa_difference(host.instance_type,
                                                  find_efa_instance(host.instance_type) != nullptr,
                                                  probe_efa_devices("/sys"), own_provider(plan, variables)));
    sentences.push_back(probe_neuron_difference(host.instance_type, find_on_path("neuron-ls", variables)));
  }
  for (const std::string& sentence : sentences)
    if (!sentence.empty()) say("warning: {}", sentence);
}

}  // namespace smlaunch
