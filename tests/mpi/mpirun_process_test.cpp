// SPDX-License-Identifier: Apache-2.0
// The real mpirun reads the command lines that we build: nothing is asked about its texts, only what ran.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <optional>
#include <tuple>

#include "mpi/mpirun.hpp"
#include "mpi/schedulers.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

struct Ran {
  int exit_code = -1;
  std::string output;
};

// popen, because mpirun's environment and both its streams are wanted, and no process code of ours is under
// test.
Ran run(const std::string& command) {
  FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
  if (pipe == nullptr) return {};
  Ran ran;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) ran.output += static_cast<char>(c);
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

Ran run(const MpirunCommand& command) {
  Strings words;
  for (const auto& [name, value] : command.user_variables)
    words.push_back(name + "=" + quote_shell_word(value));
  words.insert(words.end(), {"timeout", "60"});
  for (const std::string& word : command.argv) words.push_back(quote_shell_word(word));
  return run(fmt::format("{} </dev/null", fmt::join(words, " ")));
}

class MpirunProcess : public testing::Test {
 protected:
  void SetUp() override {
    const Result<OpenMpiVersion> version = parse_open_mpi_version(run("mpirun --version").output);
    if (!version) GTEST_SKIP() << "no mpirun to run: " << version.error().problems.front().what;
    request_.version = *version;
    request_.hosts = {{"localhost", 2}};
    request_.processes = 2;
    // PRRTE, under Open MPI 5, talks over no loopback interface.
    if (version->major == 4) request_.tcp_include = "lo";
    request_.yields_when_idle = true;
    request_.exported_values = {{"NCCL_DEBUG", "INFO"}};
    request_.exported = {"PATH"};
    request_.program = {"sh", "-c", "echo ran rank $OMPI_COMM_WORLD_RANK $NCCL_DEBUG \"<$A>\""};
  }

  // Both ranks ran and printed `text`.
  void expect_ranks(const std::string& options, const std::string& text) {
    auto settings =
        parse_mpi_settings(split_shell_words(options).value(), "MPI options", parameters_, request_.version);
    ASSERT_TRUE(settings) << options << ": " << settings.error().problems.front().what;
    request_.settings = std::move(*settings);
    const Result<MpirunCommand> command = mpirun_command(request_);
    ASSERT_TRUE(command) << options << ": " << command.error().problems.front().what;
    const Ran ran = run(*command);
    EXPECT_EQ(ran.exit_code, 0) << options << "\n" << ran.output;
    for (int rank = 0; rank < request_.processes; ++rank) {
      EXPECT_NE(ran.output.find(fmt::format("ran rank {} {}\n", rank, text)), std::string::npos)
          << options << "\n"
          << ran.output;
    }
    EXPECT_EQ(ran.output.find("deprecated"), std::string::npos) << options << "\n" << ran.output;
  }

  MpirunRequest request_;
  std::vector<SetParameter> parameters_;
};

TEST_F(MpirunProcess, RunsTheCommandOfBothStyles) {
  expect_ranks("", "INFO <>");
  request_.style = MpirunStyle::smddp;
  expect_ranks("", "INFO <>");
}

TEST_F(MpirunProcess, RunsMoreRanksThanSlots) {
  request_.processes = 5;
  request_.oversubscribe = true;
  expect_ranks("", "INFO <>");
}

TEST_F(MpirunProcess, RunsWithTheUsersOptions) {
  expect_ranks("-mca btl ^openib,ofi,tcp --mca pml ob1 -gmca btl_tcp_if_exclude eth9", "INFO <>");
  expect_ranks("-x A='a b;$c' --NCCL_DEBUG WARN -x A -x 'A=a b'", "WARN <a b>");
  expect_ranks("-mca mca_base_env_list A=1", "INFO <1>");
  expect_ranks("--bind-to=none -bynode -q --report-bindings -mca oob_tcp_if_exclude eth9", "INFO <>");
  expect_ranks("-mca rmaps_base_mapping_policy core -mca hwloc_base_binding_policy none", "INFO <>");
  expect_ranks("-mca plm_rsh_args '-p 23' -mca plm_rsh_agent ssh -wd / --timestamp-output --display map",
               "INFO <>");
}

// Of this process and of mpirun; what was there comes back.
class SetVariable {
 public:
  SetVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = getenv(name_.c_str())) before_ = before;
    setenv(name_.c_str(), value.c_str(), 1);
  }
  SetVariable(const SetVariable&) = delete;
  SetVariable& operator=(const SetVariable&) = delete;
  ~SetVariable() {
    if (before_)
      setenv(name_.c_str(), before_->c_str(), 1);
    else
      unsetenv(name_.c_str());
  }

 private:
  std::string name_;
  std::optional<std::string> before_;
};

// A folder of its own for HOME, with a file of parameters that this text is.
class HomeWithParameters {
 public:
  explicit HomeWithParameters(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "smlaunch-home-XXXXXX").string();
    home_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(home_ / ".openmpi");
    std::ofstream(home_ / ".openmpi/mca-params.conf") << text;
    variable_.emplace("HOME", home_.string());
  }
  HomeWithParameters(const HomeWithParameters&) = delete;
  HomeWithParameters& operator=(const HomeWithParameters&) = delete;
  ~HomeWithParameters() {
    std::error_code error;
    std::filesystem::remove_all(home_, error);
  }

 private:
  std::filesystem::path home_;
  std::optional<SetVariable> variable_;
};

TEST_F(MpirunProcess, RunsBesideAFileOfParametersThatItRefusesBesideOurs) {
  for (const auto& [name, value, seen] :
       {std::tuple("mca_base_env_list", "A=of the file;FOO", "INFO <of the file>"),
        std::tuple("oob_tcp_if_exclude", "docker0", "INFO <>"), std::tuple("pml", "ob1", "INFO <>")}) {
    const HomeWithParameters home(fmt::format("{} = {}\n", name, value));
    parameters_ = {{name, value, "", "a file", false}};
    expect_ranks("", seen);
  }
}

TEST_F(MpirunProcess, RunsItsRanksByItselfInABatchJobOfOneTask) {
  std::list<SetVariable> job;
  for (const char* name : {"SLURM_JOB_ID", "SLURM_JOBID", "SLURM_NNODES", "SLURM_JOB_NUM_NODES",
                           "SLURM_TASKS_PER_NODE", "SLURM_JOB_CPUS_PER_NODE"})
    job.emplace_back(name, "1");
  for (const char* name : {"SLURM_NODELIST", "SLURM_JOB_NODELIST"}) job.emplace_back(name, "elsewhere");
  request_.schedulers = find_schedulers({{"SLURM_JOB_ID", "1"}});
  expect_ranks("", "INFO <>");
}

// mpirun takes a repeated --host as one list, so a list may be cut where the kernel's limit asks for it.
TEST_F(MpirunProcess, JoinsRepeatedHostLists) {
  const Ran ran =
      run("timeout 60 mpirun --allow-run-as-root --host localhost:1 --host localhost:1 --np 2 --bind-to none "
          "echo ran "
          "</dev/null");
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
}

}  // namespace
}  // namespace smlaunch
