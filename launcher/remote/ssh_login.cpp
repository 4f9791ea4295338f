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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/signal_free_thread.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t most_kept = 256 * 1024;

int open_pipe(UniqueFd& read_end, UniqueFd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
  read_end = UniqueFd(ends[0]);
  write_end = UniqueFd(ends[1]);
  return 0;
}

// A file in memory instead of a pipe: it takes any length at once, and no loop has to feed it.
int open_input(const std::string& text, UniqueFd& input) {
  input = UniqueFd(::memfd_create("ssh-input", MFD_CLOEXEC));
  if (input.get() < 0) return errno;
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(input.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  ::lseek(input.get(), 0, SEEK_SET);
  return 0;
}

// A socket takes so much at once, and more can follow.
int open_waiting_input(const std::string& text, UniqueFd& input, UniqueFd& own_end) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  input = UniqueFd(ends[0]);
  own_end = UniqueFd(ends[1]);
  const ssize_t sent = ::send(own_end.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno;
  return static_cast<std::size_t>(sent) == text.size() ? 0 : ENOBUFS;
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
                    std::chrono::milliseconds deadline, Calls calls) {
  UniqueFd in, out, out_child, err, err_child, failed, failed_child;
  if (calls.waits && open_waiting_input(frame_waiting(input), in, in_) != 0) {
    calls.waits = nullptr;
    in_.reset();
  }
  if (!calls.waits)
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
  UniqueFd end(got == 0 ? static_cast<int>(::syscall(SYS_pidfd_open, child_, 0)) : -1);
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
  calls_ = std::move(calls);
  collect(out_, result_.out);
  collect(err_, result_.err);
  wait_for_end();
  if (!calls_.waits) {
    end_after(deadline);
  } else {
    timer_.expires_after(std::min(deadline, calls_.waits_bound));
    timer_.async_wait([this, self = shared_from_this(), deadline](const boost::system::error_code& stopped) {
      if (stopped || child_ < 0 || !calls_.waits) return;
      calls_.waits = nullptr;
      in_.reset();
      end_after(deadline - std::min(deadline, calls_.waits_bound));
    });
  }
  return 0;
}

void SshLogin::end_after(std::chrono::milliseconds deadline) {
  timer_.expires_after(deadline);
  timer_.async_wait([this, self = shared_from_this()](const boost::system::error_code& stopped) {
    if (stopped || child_ < 0) return;
    stop();
    const auto call = std::move(calls_.hung);
    call();
  });
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
                    if (&from == &out_ && take_wait()) return;
                    collect(from, into);
                  });
}

bool SshLogin::take_wait() {
  if (!calls_.waits || !says_it_waits(result_.out)) return false;
  boost::system::error_code ignored;
  timer_.cancel(ignored);
  err_.cancel(ignored);
  const auto call = std::exchange(calls_.waits, nullptr);
  call(result_.out);
  return true;
}

LoginStreams SshLogin::give_streams() {
  return {std::move(in_), UniqueFd(out_.release()), UniqueFd(err_.release())};
}

void SshLogin::wait_for_end() {
  end_.async_wait(Descriptor::wait_read,
                  [this, self = shared_from_this()](const boost::system::error_code& stopped) {
                    if (stopped || child_ < 0) return;
                    LoginEnd end = reap();
                    if (const auto call = std::move(calls_.ended)) call(std::move(end));
                  });
}

LoginEnd SshLogin::reap() {
  for (const auto& [from, into] : {std::pair{&out_, &result_.out}, std::pair{&err_, &result_.err}}) {
    if (!from->is_open()) continue;
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
  in_.reset();
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
  // A daemon of mpirun's may be started in this login: it must not take an X server for its own.
  argv.insert(argv.end(), {"-x", "-T", "--", host, command});
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
