// SPDX-License-Identifier: Apache-2.0
// What this machine has of what jobs lean on: asked here, judged in judge_machine.hpp.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

struct MachineFacts {
  std::string smlaunch;          // this program's file
  std::string smlaunch_on_path;  // what its name leads to; empty: nothing
  std::string mpirun;            // its file; empty: none is on PATH
  std::string open_mpi;          // "4.1.4"; empty: mpirun_error says why not
  std::string mpirun_error;
  std::string ssh;
  std::string sshd;
  std::string python;          // the first python3 on PATH
  std::string python_version;  // "3.11.2"; empty: it does not answer
  bool has_mpi4py = false;     // that python
  bool has_torch = false;
  HostGpus gpus;
  std::string driver;                        // NVIDIA's, by its kernel module; empty: none is loaded
  std::string nccl;                          // the system's; a job's interpreter may bring another one
  std::optional<std::string> curl_error;     // why libcurl cannot be opened; nothing: it can
  std::optional<std::string> archive_error;  // the same of libarchive
  std::optional<std::string> openssl_error;  // the same of OpenSSL
  bool holds_openssl = false;                // this program: it opens none
  std::string hwloc;                         // "2.9.0"
  std::string srun;
  std::string slurm;  // what srun --version prints
  std::string munge;
  bool munge_answers = false;        // its daemon's socket is there
  unsigned long long shm_bytes = 0;  // of /dev/shm; 0: not there
  bool has_infiniband = false;
  bool memlock_is_unlimited = false;
};

// `variables`: this process's environment. Within some seconds.
MachineFacts probe_machine_facts(const std::map<std::string, std::string>& variables);

}  // namespace smlaunch
