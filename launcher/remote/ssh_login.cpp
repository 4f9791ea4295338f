// SPDX-License-Identifier: Apache-2.0
// Policy: the login is over when ssh itself has ended, not when its pipes are closed. A connection that ssh
// leaves open for other logins (ControlPersist) may hold the pipes for long. The output is read to the end
// but kept only in part.
#include "launcher/remote/ssh_login.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/signal_free_thread.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t most_kept = 256 * 1024;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

int open_pipe(Fd& read_end, Fd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  return 0;
}

// A file in memory instead of a pipe: it takes any length at once, and no loop has to feed it.
int open_input(const std::string& text, Fd& input) {
  input.reset(::memfd_create("ssh-input", MFD_CLOEXEC));
  if (input.get() < 0) return errno;
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(input.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  ::lseek(input.get(), 0, SEEK_SET);
  return 0;
}

// Runs between vfork and exec, in our own memory while we wait: only calls that are safe there, and nothing is changed but
// errno.
[[noreturn]] void become_ssh(char* const* argv, int in, int out, int err, int failed, pid_t parent) {
  ::setpgid(0, 0);
  // Even a parent that is killed leaves no ssh behind. (The signal comes when the forking thread ends; that
  // thread waits for us.)
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  // All of them: no handler of ours may run here.
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  // They are for the ranks, and end no login.
  for (const int number : {SIGUSR1, SIGUSR2}) ::signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(err, 2) >= 0) {
    // A secret or a connection of ours must not reach ssh, even in a descriptor without close-on-exec.
    ::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
    ::execvp(argv[0], argv);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(failed, &error, sizeof error);
  ::_exit(127);
}

// To copy our memory for it would take longer than all else that a login costs this host.
[[gnu::noinline]] pid_t start_ssh(char* const* argv, int in, int out, int err, int failed) {
  const pid_t parent = ::getpid();
  const AllSignalsBlocked blocked;
  const pid_t pid = ::vfork();
  if (pid == 0) become_ssh(argv, in, out, err, failed, parent);
  return pid;
}

}  // namespace

SshLogin::SshLogin(boost::asio::io_context& loop, bool keep_connection)
    : keep_connection_(keep_connection), timer_(loop), out_(loop), err_(loop), end_(loop) {}

SshLogin::~SshLogin() { stop(); }

int SshLogin::start(const std::vector<std::string>& argv, const std::string& input,
                    std::chrono::milliseconds deadline, std::function<void(LoginEnd)> ended,
                    std::function<void()> hung) {
  Fd in, out, out_child, err, err_child, failed, failed_child;
  if (const int error = open_input(input, in)) return error;
  if (const int error = open_pipe(out, out_child)) return error;
  if (const int error = open_pipe(err, err_child)) return error;
  if (const int error = open_pipe(failed, failed_child)) return error;

  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  child_ = start_ssh(words.data(), in.get(), out_child.get(), err_child.get(), failed_child.get());
  if (child_ < 0) return errno;
  count_as_started(child_);
  ::setpgid(child_, child_);  // parent and child both do it, so that neither comes too early
  failed_child.reset();
  int error = 0;
  ssize_t got;
  do {
    got = ::read(failed.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  Fd end(got == 0 ? static_cast<int>(::syscall(SYS_pidfd_open, child_, 0)) : -1);
  if (end.get() < 0) {
    if (got == 0) error = errno;
    stop();
    return error;
  }

  // Only our own ends are made non-blocking: the programs at the other ends must not notice it.
  for (const int fd : {out.get(), err.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  out_.assign(out.release());
  err_.assign(err.release());
  end_.assign(end.release());
  ended_ = std::move(ended);
  hung_ = std::move(hung);
  collect(out_, result_.out);
  collect(err_, result_.err);
  wait_for_end();
  timer_.expires_after(deadline);
  timer_.async_wait([this, self = shared_from_this()](const boost::system::error_code& stopped) {
    if (stopped || child_ < 0) return;
    stop();
    const auto call = std::move(hung_);
    call();
  });
  return 0;
}

// Reads what is there, then waits for more.
void SshLogin::collect(Descriptor& from, std::string& into) {
  from.async_wait(Descriptor::wait_read,
                  [this, self = shared_from_this(), &from, &into](const boost::system::error_code& stopped) {
                    if (stopped || child_ < 0) return;
                    char buffer[4096];
                    const ssize_t got = ::read(from.native_handle(), buffer, sizeof buffer);
                    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
                    if (got > 0)
                      into.append(buffer, std::min(static_cast<std::size_t>(got), most_kept - into.size()));
                    collect(from, into);
                  });
}

void SshLogin::wait_for_end() {
  end_.async_wait(Descriptor::wait_read,
                  [this, self = shared_from_this()](const boost::system::error_code& stopped) {
                    if (stopped || child_ < 0) return;
                    LoginEnd end = reap();
                    const auto call = std::move(ended_);
                    call(std::move(end));
                  });
}

LoginEnd SshLogin::reap() {
  for (const auto& [from, into] : {std::pair{&out_, &result_.out}, std::pair{&err_, &result_.err}}) {
    char buffer[4096];
    // Bounded: another process that still writes into the pipe cannot keep us here.
    for (ssize_t got = 1; got > 0 && into->size() < most_kept;) {
      got = ::read(from->native_handle(), buffer, sizeof buffer);
      if (got > 0) into->append(buffer, std::min(static_cast<std::size_t>(got), most_kept - into->size()));
    }
  }
  // ssh itself may be gone while a helper of it (ProxyCommand) still runs. Such helpers are killed, unless
  // they may serve a connection that must stay.
  if (!keep_connection_) ::kill(-child_, SIGKILL);
  const auto status = smlaunch::reap(child_);
  child_ = -1;
  if (!status)
    result_.unknown = status.error().problems.front().what;
  else if (const auto* signaled = std::get_if<Signaled>(&*status))
    result_.signal = signaled->signal;
  else
    result_.exit_code = std::get<Exited>(*status).code;
  close();
  return std::move(result_);
}

void SshLogin::stop() {
  if (child_ < 0) return;
  ::kill(-child_, SIGKILL);
  (void)smlaunch::reap(child_);
  child_ = -1;
  close();
}

void SshLogin::close() {
  boost::system::error_code ignored;
  timer_.cancel(ignored);
  for (Descriptor* one : {&out_, &err_, &end_}) one->close(ignored);
}

namespace {

void add_port(std::vector<std::string>& argv, int port) {
  if (port != 22) argv.insert(argv.end(), {"-p", std::to_string(port)});
}

}  // namespace

std::vector<std::string> make_ssh_argv(const std::vector<std::string>& ssh, const std::string& host, int port,
                                       const std::string& command) {
  std::vector<std::string> argv = ssh;
  // BatchMode: a question that nobody sees would hang. The keepalives end a login whose host fell silent.
  for (const char* option :
       {"BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=2"}) {
    argv.insert(argv.end(), {"-o", option});
  }
  add_port(argv, port);
  argv.insert(argv.end(), {"-T", "--", host, command});
  return argv;
}

std::vector<std::string> make_ssh_question(const std::vector<std::string>& ssh, const std::string& host,
                                           int port) {
  std::vector<std::string> argv = ssh;
  add_port(argv, port);
  argv.insert(argv.end(), {"-G", "--", host});
  return argv;
}

}  // namespace smlaunch
