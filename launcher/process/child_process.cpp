// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "launcher/contract/executable.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/process/exec_failure.hpp"

namespace smlaunch {

namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

std::optional<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// Everything below runs between vfork and exec, in our own memory while we wait: no allocation, no locks, and nothing is
// changed but errno.
struct Prepared {
  char* const* argv;
  char* const* environment;
  const char* const* candidates;  // the files that may be the program
  const char* own_program;        // the candidate that may be made executable; or null
  const char* directory;
  int input;
  int output;
  int errors;
  int report;
  int death_signal;
  int parent;
  int parents_life;     // the pipe whose end tells of ours; -1: the kernel tells
  int parents_own_end;  // our end of it
  bool own_group;
  int cgroup_procs;
  const int* niceness;  // or null
};

[[noreturn]] void refuse(int report) {
  const int error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The end of a pipe can send a signal to whoever waits for it. The last process to hold our end of it is we.
void hear_of_death(const Prepared& child) {
  close(child.parents_own_end);
  fcntl(child.parents_life, F_SETFD, 0);  // the program holds it
  fcntl(child.parents_life, F_SETOWN, getpid());
  fcntl(child.parents_life, F_SETSIG, child.death_signal);
  fcntl(child.parents_life, F_SETFL, O_ASYNC);
  pollfd life{child.parents_life, POLLIN, 0};
  if (poll(&life, 1, 0) > 0) _exit(127);  // our parent died before we could ask for its signal
}

[[noreturn]] void become(const Prepared& child, bool moves_to_cgroup) {
  if (child.own_group) setpgid(0, 0);
  if (moves_to_cgroup) (void)!write(child.cgroup_procs, "0", 1);
  if (child.niceness != nullptr) setpriority(PRIO_PROCESS, 0, *child.niceness);
  if (child.parents_life >= 0) {
    hear_of_death(child);
  } else if (child.death_signal != 0) {
    prctl(PR_SET_PDEATHSIG, child.death_signal);
    if (getppid() != child.parent) _exit(127);  // our parent died before we could ask for its signal
  }
  reset_signals();
  if (dup2(child.input, 0) < 0 || dup2(child.output, 1) < 0 || dup2(child.errors, 2) < 0)
    refuse(child.report);
  if (child.directory[0] != '\0' && chdir(child.directory) != 0) refuse(child.report);
  int error = ENOENT;
  for (const char* const* candidate = child.candidates; *candidate != nullptr; ++candidate) {
    execve(*candidate, child.argv, child.environment);
    if (errno == EACCES && child.own_program == *candidate) {
      make_executable(*candidate);  // the agent of another rank may have done so already
      execve(*candidate, child.argv, child.environment);
    }
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (error == EACCES) continue;  // another folder of PATH may have it
    if (error != ENOENT) break;
  }
  errno = error;
  refuse(child.report);
}

// To move a process to another cgroup takes the kernel ten milliseconds; one that is born there need not be moved. Below
// Linux 5.7, and where the kernel does not allow it, this fails.
pid_t fork_into(int cgroup) {
  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

// A frame of its own: the child uses our stack below it. With vfork(), no memory is copied for a program that replaces it
// at once.
[[gnu::noinline]] pid_t start(const Prepared& child, int cgroup) {
  if (cgroup >= 0) {
    const pid_t born = fork_into(cgroup);
    if (born == 0) become(child, false);
    if (born > 0) return born;
  }
  const pid_t pid = vfork();
  if (pid == 0) become(child, child.cgroup_procs >= 0);
  return pid;
}

SpawnError spawn_error(const std::string& what, int error) {
  std::string why = std::strerror(error);
  if (error == E2BIG) why += " (the arguments and variables together are more than the kernel takes)";
  return SpawnError{.error_number = error, .text = fmt::format("{}: {}", what, why), .why = why};
}

// Children that spawn_child() has started and reap() has not taken. The kernel has one table of children for
// the whole process, so this is one, too.
struct StartedChildren {
  std::mutex mutex;
  std::set<int> pids;
};

StartedChildren& started_children() {
  static StartedChildren children;
  return children;
}

}  // namespace

UniqueFd open_pidfd(int pid) { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

tl::expected<Child, SpawnError> spawn_child(const ChildRequest& request) {
  auto out = open_pipe();
  auto err = open_pipe();
  auto report = open_pipe();
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto in = request.has_input ? open_pipe() : std::optional<Pipe>(std::in_place);
  const bool hears_once = request.death_signal != 0 && request.death_comes == DeathSignal::once;
  auto life = hears_once ? open_pipe() : std::optional<Pipe>(std::in_place);
  if (!out || !err || !report || !in || !life || !null.valid())
    return tl::unexpected(spawn_error("pipe", errno));

  std::vector<std::string> variables;
  variables.reserve(request.environment.size());
  for (const auto& [name, value] : request.environment) variables.push_back(name + "=" + value);
  const std::vector<std::string> candidates =
      search_path_candidates(request.argv.front(), request.environment);
  const auto argv = pointers(request.argv);
  const auto environment = pointers(variables);
  const auto places = pointers(candidates);
  const std::string directory = request.working_directory.string();
  const char* own_program =
      is_program_below(request.argv.front(), request.working_directory) ? places.front() : nullptr;
  const Prepared prepared{argv.data(),
                          environment.data(),
                          places.data(),
                          own_program,
                          directory.c_str(),
                          request.has_input    ? in->read.get()
                          : request.input >= 0 ? request.input
                                               : null.get(),
                          out->write.get(),
                          err->write.get(),
                          report->write.get(),
                          request.death_signal,
                          getpid(),
                          life->read.get(),
                          life->write.get(),
                          request.own_group,
                          request.cgroup_procs,
                          request.niceness ? &*request.niceness : nullptr};

  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pid = -1;
  int fork_error = 0;
  {
    StartedChildren& started = started_children();
    const std::lock_guard lock(started.mutex);
    pid = start(prepared, request.cgroup);
    fork_error = errno;
    if (pid > 0) started.pids.insert(pid);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return tl::unexpected(spawn_error("fork", fork_error));

  report->write.reset();
  int error = 0;
  ssize_t got = 0;
  do got = read(report->read.get(), &error, sizeof error);
  while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof error)) {
    (void)reap(pid);
    const bool in_directory = directory.empty() || access(directory.c_str(), X_OK) == 0;
    if (!in_directory) return tl::unexpected(spawn_error(directory, error));
    if (error == EACCES)
      if (auto words = through_interpreter(request.argv, request.working_directory)) {
        ChildRequest other = request;
        other.argv = std::move(*words);
        return spawn_child(other);
      }
    SpawnError refused = spawn_error(request.argv.front(), error);
    const std::string why = explain_exec_failure(request.argv.front(), request.working_directory, error);
    if (!why.empty()) {
      refused.text += ": " + why;
      refused.why += ": " + why;
    }
    return tl::unexpected(std::move(refused));
  }
  Child child;
  child.pid = pid;
  child.pidfd = open_pidfd(pid);
  if (!child.pidfd.valid()) {
    const int pidfd_error = errno;
    kill(pid, SIGKILL);
    (void)reap(pid);
    return tl::unexpected(spawn_error("pidfd_open", pidfd_error));
  }
  fcntl(child.pidfd.get(), F_SETFD, FD_CLOEXEC);
  child.stdout_pipe = std::move(out->read);
  child.stderr_pipe = std::move(err->read);
  child.stdin_pipe = std::move(in->write);
  child.our_life = std::move(life->write);
  return child;
}

bool has_ended(int pid) {
  siginfo_t info{};
  const int got = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  // A process that is no child of ours any more has ended, and somebody else knows how.
  if (got != 0) return errno == ECHILD;
  // A child that a look at its threads has stopped for a moment is told here, too.
  return info.si_pid == pid && info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED;
}

Result<ExitStatus> reap(int pid) {
  siginfo_t ended{};
  while (waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  int status = 0;
  StartedChildren& started = started_children();
  const std::lock_guard lock(started.mutex);
  started.pids.erase(pid);
  if (waitpid(pid, &status, WNOHANG) != pid)
    return failure(Fault::internal, fmt::format("process {}", pid),
                   fmt::format("how process {} ended is not known: waitpid: {}", pid, std::strerror(errno)),
                   "see that nothing else in this process waits for children or ignores SIGCHLD");
  return decode_wait_status(status);
}

void count_as_started(int pid) {
  StartedChildren& started = started_children();
  const std::lock_guard lock(started.mutex);
  started.pids.insert(pid);
}

bool reap_unless_started(int pid) {
  StartedChildren& started = started_children();
  const std::lock_guard lock(started.mutex);
  if (started.pids.count(pid) != 0) return false;
  waitpid(pid, nullptr, WNOHANG);
  return true;
}

Result<Captured> run_captured(const std::vector<std::string>& argv, int milliseconds) {
  auto child = spawn_child(ChildRequest{argv, own_environment(), {}, true, SIGKILL});
  if (!child) return failure(Fault::start, argv.front(), child.error().why);
  constexpr std::size_t most = 64U << 10U;
  std::string texts[2];
  std::array<pollfd, 2> pipes = {
      {{child->stdout_pipe.get(), POLLIN, 0}, {child->stderr_pipe.get(), POLLIN, 0}}};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  bool late = false;
  while (!late && (pipes[0].fd >= 0 || pipes[1].fd >= 0)) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready =
        left.count() <= 0 ? 0 : poll(pipes.data(), pipes.size(), static_cast<int>(left.count()));
    late = ready == 0;
    for (std::size_t i = 0; ready > 0 && i < pipes.size(); ++i) {
      if (pipes[i].revents == 0) continue;
      std::array<char, 4096> bytes{};
      const ssize_t got = read(pipes[i].fd, bytes.data(), bytes.size());
      if (got <= 0) pipes[i].fd = -1;
      if (got > 0 && texts[i].size() < most) texts[i].append(bytes.data(), static_cast<std::size_t>(got));
    }
  }
  if (late) kill(-child->pid, SIGKILL);
  const auto status = reap(child->pid);
  if (late)
    return failure(Fault::start, argv.front(), fmt::format("has not ended within {} ms", milliseconds));
  if (!status) return tl::unexpected(status.error());
  return Captured{*status, texts[0] + texts[1], texts[0]};
}

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace smlaunch
