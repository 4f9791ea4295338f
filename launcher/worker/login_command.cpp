// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/login_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/exit_codes.hpp"
#include "base/own_words.hpp"
#include "cuda/probe_gpus.hpp"
#include "launcher/channel/hand_over.hpp"
#include "launcher/channel/left_token.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/session_folders.hpp"
#include "launcher/remote/daemon_needs.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/remote/slurm_step.hpp"
#include "launcher/remote/ssh_connections.hpp"
#include "launcher/worker/host_check.hpp"
#include "launcher/worker/wait_for_command.hpp"
#include "topology/interfaces.hpp"
#include "topology/nvlink_domain.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::milliseconds orphan_grace{1000};
// What Open MPI's daemon may take to remove its own files.
constexpr std::chrono::milliseconds daemon_bound{500};

std::string read_stdin() {
  std::string text;
  char bytes[4096];
  for (ssize_t got = 0; (got = read(0, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  return text;
}

int run_hand_over(std::vector<std::string> arguments) {
  LoginAnswers answers;
  if (!arguments.empty() && arguments[0] == domain_argument) {
    arguments.erase(arguments.begin());
    if (const auto domain = probe_nvlink_domain()) answers.nvlink_domain = to_string(*domain);
  }
  std::vector<std::string> wanted;
  const bool leaves_token = !arguments.empty() && arguments.front() == token_argument;
  if (leaves_token) arguments.erase(arguments.begin());
  while (arguments.size() >= 2 && arguments[0] == "--interface") {
    wanted.push_back(arguments[1]);
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  const auto interfaces = wanted.empty() ? std::vector<NetworkInterface>() : probe_interfaces();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (const std::string problem = pattern_problem(interfaces, wanted[i], true); !problem.empty())
      answers.interfaces.push_back(
          {.wanted = i, .problem = problem, .usable = usable_interfaces(interfaces)});
  }
  double seconds = 0;
  if (arguments.size() >= 2)
    std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), seconds);
  const char* connection = std::getenv("SSH_CONNECTION");
  const LoginInput input = read_login_input();
  const std::string hand_over = complete_hand_over(input.text, connection == nullptr ? "" : connection);
  if (leaves_token)
    if (const auto left = leave_handed_token(hand_over); !left) {
      const Problem& problem = left.error().problems.front();
      answers.token_problem = fmt::format("{}: {}", problem.where, problem.what);
    }
  answers.lacks_worker = arguments.empty() || hand_over.empty() ||
                         !hand_over_to_worker(arguments[0], hand_over,
                                              std::chrono::milliseconds(static_cast<long>(seconds * 1000)));
  if (arguments.size() >= 3) {
    answers.lacks_daemon = access(arguments[2].c_str(), X_OK) != 0;
    if (!answers.lacks_daemon) answers.daemon_problem = probe_daemon(arguments[2]);
    answers.shell = probe_login_shell();
    answers.folder_problem = probe_temporary_folder();
    answers.noexec_folder = probe_noexec_folder();
  }
  write_text(1, fmt::format("smlaunch {}\n{}", SMLAUNCH_VERSION, render_login_answers(answers)));
  return input.may_wait ? wait_for_command() : 0;
}

// Stands for ssh where mpirun starts its daemon on a host. Like ssh, srun hands the words to a shell there.
int become_srun(const std::string& host, const std::vector<std::string>& words) {
  std::vector<std::string> argv = make_one_host_argv(host, fmt::format("{}", fmt::join(words, " ")));
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execvp(pointers.front(), pointers.data());
  say("srun cannot be started: {}", std::strerror(errno));
  return exit_codes::start;
}

}  // namespace

int run_login_command(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments.front() == guard_argument)
    return run_connection_guard(arguments[1], std::atoi(arguments[2].c_str()));
  if (!arguments.empty() && arguments.front() == end_job_argument) {
    write_text(1, fmt::format("smlaunch {}\n", SMLAUNCH_VERSION));
    const std::string job = read_stdin();
    const auto session_folders = find_session_folders(job);
    end_job_processes(job, orphan_grace);
    // An agent that was killed has removed none.
    for (const std::string& folder : session_folders) remove_session_folder(folder, daemon_bound);
    remove_left_token(job);
    return 0;
  }
  if (arguments.size() == 2 && arguments.front() == host_check_argument) {
    const auto check = decode_host_check(arguments[1]);
    if (!check) return exit_codes::usage;
    write_text(1,
               fmt::format("smlaunch {}\n{}", SMLAUNCH_VERSION, render_host_check(run_host_check(*check))));
    return 0;
  }
  if (arguments.size() >= 3 && arguments.front() == srun_argument)
    return become_srun(arguments[1], {arguments.begin() + 2, arguments.end()});
  return run_hand_over(arguments);
}

}  // namespace smlaunch
