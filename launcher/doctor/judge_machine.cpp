// SPDX-License-Identifier: Apache-2.0
#include "launcher/doctor/judge_machine.hpp"

#include <fmt/format.h>

namespace smlaunch {

namespace {

using enum DoctorState;

constexpr const char* held = "in this program";

DoctorRow judge_smlaunch(const MachineFacts& facts) {
  DoctorRow finding{"smlaunch", fine, fmt::format("{}, {}", SMLAUNCH_VERSION, facts.smlaunch), {}};
  if (facts.smlaunch_on_path.empty()) {
    finding.state = absent;
    finding.found += "; PATH does not lead to it";
    finding.remedy = fmt::format("ln -s {} /usr/local/bin/smlaunch", facts.smlaunch);
  }
  return finding;
}

DoctorRow judge_open_mpi(const MachineFacts& facts) {
  constexpr const char* install = "apt install openmpi-bin";
  if (facts.mpirun.empty())
    return {"Open MPI", missing, "no mpirun on PATH: jobs of several hosts need it", install};
  if (facts.open_mpi.empty())
    return {"Open MPI", wrong, fmt::format("{} {}", facts.mpirun, facts.mpirun_error),
            fmt::format("put Open MPI 4 or 5 first on PATH; {}", install)};
  return {"Open MPI", fine, fmt::format("{}, {}", facts.open_mpi, facts.mpirun), {}};
}

DoctorRow judge_program(const std::string& thing, const std::string& file, DoctorState without,
                        const std::string& why, const std::string& remedy) {
  if (file.empty()) return {thing, without, why, remedy};
  return {thing, fine, file, {}};
}

DoctorRow judge_python(const MachineFacts& facts) {
  if (facts.python.empty())
    return {"python3", missing, "not on PATH: jobs in Python need it, or --python FILE",
            "apt install python3"};
  if (facts.python_version.empty())
    return {"python3", wrong, fmt::format("{} does not answer", facts.python),
            fmt::format("{} --version", facts.python)};
  return {"python3",
          fine,
          fmt::format("{}, {}; {} mpi4py, {} torch", facts.python_version, facts.python,
                      facts.has_mpi4py ? "with" : "without", facts.has_torch ? "with" : "without"),
          {}};
}

DoctorRow judge_gpus(const MachineFacts& facts) {
  const HostGpus& gpus = facts.gpus;
  if (gpus.usable > 0)
    return {"GPUs", gpus.nvml_error.empty() ? fine : wrong,
            fmt::format("{}{}{}", gpus.usable, facts.driver.empty() ? "" : ", driver " + facts.driver,
                        gpus.nvml_error.empty() ? "" : "; " + gpus.nvml_error),
            gpus.nvml_error.empty() ? "" : "nvidia-smi"};
  if (gpus.on_bus == 0 && !gpus.device_nodes && !gpus.module_loaded)
    return {"GPUs", absent, "no NVIDIA GPU: the all-reduce test runs on the CPU", {}};
  if (!gpus.module_loaded)
    return {"GPUs", wrong, fmt::format("{} on the PCI bus, and no driver is loaded", gpus.on_bus),
            "install NVIDIA's driver, then: modprobe nvidia"};
  if (!gpus.device_nodes)
    return {"GPUs", wrong, "the driver is loaded, and this container shows no GPU",
            "start it with its GPUs: docker run --gpus all"};
  return {"GPUs", wrong, gpus.nvml_error, "nvidia-smi"};
}

DoctorRow judge_shm(const MachineFacts& facts) {
  constexpr unsigned long long enough = 1ULL << 30;
  constexpr unsigned long long mebibyte = 1ULL << 20;
  DoctorRow finding{"/dev/shm", fine, fmt::format("{} MiB", facts.shm_bytes / mebibyte), {}};
  if (facts.shm_bytes < enough) {
    finding.state = wrong;
    finding.found += ": NCCL and data loaders want more than 1024";
    finding.remedy = "docker run --shm-size 8g, or: mount -o remount,size=8g /dev/shm";
  }
  return finding;
}

DoctorRow judge_slurm(const MachineFacts& facts) {
  if (facts.srun.empty()) return {"Slurm", absent, "no srun on PATH", {}};
  return {"Slurm", facts.slurm.empty() ? wrong : fine,
          facts.slurm.empty() ? fmt::format("{} does not answer", facts.srun)
                              : fmt::format("{}, {}", facts.slurm, facts.srun),
          facts.slurm.empty() ? "srun --version" : ""};
}

DoctorRow judge_munge(const MachineFacts& facts) {
  if (facts.munge.empty()) return {"munge", absent, "not on PATH", {}};
  if (!facts.munge_answers)
    return {"munge", absent, fmt::format("its daemon does not run; {} is there", facts.munge), {}};
  return {"munge", fine, facts.munge, {}};
}

}  // namespace

std::vector<DoctorRow> judge_machine(const MachineFacts& facts) {
  std::vector<DoctorRow> findings = {
      judge_smlaunch(facts),
      judge_open_mpi(facts),
      judge_program("ssh", facts.ssh, missing, "not on PATH: other hosts cannot be reached",
                    "apt install openssh-client"),
      judge_program("sshd", facts.sshd, absent, "other hosts cannot start ranks here",
                    "apt install openssh-server"),
      judge_python(facts),
      judge_gpus(facts),
      {"NCCL",
       facts.nccl.empty() ? absent : fine,
       facts.nccl.empty() ? "none of the system's; a job's PyTorch brings its own" : facts.nccl,
       {}},
      judge_shm(facts)};
  if (facts.has_infiniband && !facts.memlock_is_unlimited)
    findings.push_back({"memlock", wrong, "is limited, and InfiniBand is here: RDMA needs locked memory",
                        "ulimit -l unlimited; docker run --ulimit memlock=-1"});
  const auto library = [&](const std::string& name, const std::optional<std::string>& error,
                           const std::string& use, const std::string& package) {
    findings.push_back({name, error ? absent : fine, error ? use + "; " + *error : "can be opened",
                        error ? "apt install " + package : ""});
  };
  if (facts.holds_openssl)
    findings.push_back({"OpenSSL", fine, held, {}});
  else
    library("OpenSSL", facts.openssl_error, "hosts talk to each other by it", "libssl3");
  library("libcurl", facts.curl_error, "code and output in S3 need it", "libcurl4");
  library("libarchive", facts.archive_error, "packed code needs it", "libarchive13");
  findings.push_back(judge_slurm(facts));
  findings.push_back(judge_munge(facts));
  return findings;
}

std::vector<DoctorRow> judge_hosts(const std::vector<HostReadiness>& hosts) {
  std::vector<DoctorRow> findings;
  for (const HostReadiness& host : hosts) {
    switch (host.state) {
      case ReadyState::ready:
        findings.push_back({host.name, fine, fmt::format("answers in {:.1f} s", host.seconds), {}});
        break;
      case ReadyState::failed:
        findings.push_back({host.name, wrong,
                            fmt::format("{}: {}", to_string(host.stage), to_string(host.cause)),
                            host.remedy});
        break;
      case ReadyState::waiting:
        findings.push_back({host.name, missing,
                            fmt::format("{}: {}", to_string(host.stage),
                                        host.cause == HostCause() ? "no answer" : to_string(host.cause)),
                            host.remedy});
        break;
    }
  }
  return findings;
}

std::string render_versions(const MachineFacts& facts, const std::string& made_of) {
  const auto line = [](const std::string& name, const std::string& value) {
    return fmt::format("{:<11} {}\n", name, value.empty() ? "not here" : value);
  };
  const auto with_file = [](const std::string& version, const std::string& file) {
    return version.empty() ? std::string() : fmt::format("{}, {}", version, file);
  };
  return fmt::format("smlaunch {}\n", SMLAUNCH_VERSION) + line("file", facts.smlaunch) +
         line("made of", made_of) + line("hwloc", "API " + facts.hwloc) +
         line("kernels", "PTX 6.3 in the program: GPUs are tested without the CUDA SDK") +
         line("Open MPI", with_file(facts.open_mpi, facts.mpirun)) + line("NCCL", facts.nccl) +
         line("driver", facts.driver) +
         line("GPUs", facts.gpus.usable > 0 ? std::to_string(facts.gpus.usable) : facts.gpus.nvml_error) +
         line("Slurm", with_file(facts.slurm, facts.srun)) + line("munge", facts.munge) +
         line("OpenSSL", facts.holds_openssl ? held : facts.openssl_error.value_or("can be opened")) +
         line("libcurl", facts.curl_error.value_or("can be opened")) +
         line("libarchive", facts.archive_error.value_or("can be opened"));
}

}  // namespace smlaunch
