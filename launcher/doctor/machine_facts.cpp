// SPDX-License-Identifier: Apache-2.0
#include "launcher/doctor/machine_facts.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <sstream>

#include "base/openssl_library.hpp"
#include "launcher/contract/code/archive_error.hpp"
#include "launcher/contract/s3/curl_error.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/this_host/find_open_mpi.hpp"
#include "launcher/this_host/host_versions.hpp"
#include "launcher/this_host/probe_host_gpus.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {

namespace {

constexpr int bound_milliseconds = 5000;

// find_spec() imports neither of them.
constexpr const char* python_question =
    "import sys, importlib.util as u\n"
    "print('.'.join(map(str, sys.version_info[:3])), int(u.find_spec('mpi4py') is not None),"
    " int(u.find_spec('torch') is not None))";

std::string printed_by(const std::vector<std::string>& argv) {
  const auto answer = run_captured(argv, bound_milliseconds);
  if (!answer || !succeeded(answer->status)) return "";
  return answer->standard_output.substr(0, answer->standard_output.find('\n'));
}

std::string text_or_empty(const std::map<std::string, std::string>& from, const std::string& key) {
  const auto found = from.find(key);
  return found == from.end() ? "" : found->second;
}

void ask_python(MachineFacts& facts) {
  if (facts.python.empty()) return;
  std::istringstream words(printed_by({facts.python, "-c", python_question}));
  words >> facts.python_version >> facts.has_mpi4py >> facts.has_torch;
}

}  // namespace

MachineFacts probe_machine_facts(const std::map<std::string, std::string>& variables) {
  MachineFacts facts;
  std::error_code error;
  facts.smlaunch = std::filesystem::read_symlink("/proc/self/exe", error).string();
  facts.smlaunch_on_path = find_on_path("smlaunch", variables);
  facts.mpirun = find_on_path("mpirun", variables);
  if (!facts.mpirun.empty()) {
    const auto found = find_open_mpi(variables, false);
    if (found)
      facts.open_mpi = to_string(found->version);
    else
      facts.mpirun_error = found.error().problems.front().what;
  }
  facts.ssh = find_on_path("ssh", variables);
  auto with_sbin = variables;
  with_sbin["PATH"] += ":/usr/sbin:/usr/local/sbin";
  facts.sshd = find_on_path("sshd", with_sbin);
  facts.python = find_on_path("python3", variables);
  ask_python(facts);
  facts.gpus = probe_host_gpus();
  const auto versions = probe_versions();
  facts.driver = text_or_empty(versions, "driver");
  facts.nccl = text_or_empty(versions, "nccl");
  facts.curl_error = curl_error();
  facts.archive_error = archive_error();
  facts.openssl_error = openssl_error();
  facts.holds_openssl = holds_openssl();
  facts.hwloc = hwloc_version();
  facts.srun = find_on_path("srun", variables);
  if (!facts.srun.empty()) facts.slurm = printed_by({facts.srun, "--version"});
  facts.munge = find_on_path("munge", variables);
  for (const char* socket : {"/run/munge/munge.socket.2", "/var/run/munge/munge.socket.2"})
    facts.munge_answers = facts.munge_answers || std::filesystem::exists(socket, error);
  struct statvfs shm {};
  if (statvfs("/dev/shm", &shm) == 0)
    facts.shm_bytes = static_cast<unsigned long long>(shm.f_blocks) * shm.f_frsize;
  facts.has_infiniband = std::filesystem::exists("/dev/infiniband/uverbs0", error);
  struct rlimit memlock {};
  facts.memlock_is_unlimited = getrlimit(RLIMIT_MEMLOCK, &memlock) == 0 && memlock.rlim_cur == RLIM_INFINITY;
  return facts;
}

}  // namespace smlaunch
