// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/prepare_code.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "launcher/contract/code/fetch_code.hpp"
#include "launcher/contract/code/install_step.hpp"
#include "launcher/run/agent_environment.hpp"
#include "launcher/run/child_process.hpp"
#include "launcher/run/descendants.hpp"
#include "launcher/run/outcome.hpp"
#include "launcher/run/pip_process.hpp"
#include "launcher/run/unique_fd.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t shown = 1024;  // bytes of a failure file: never more than so many characters
constexpr std::size_t most_lines = 100;
constexpr std::size_t longest_line = 300;

std::atomic<bool> cancelled{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void cancel(int) { cancelled = true; }

// Whoever started us may be gone: then nobody hears it.
void say(std::string_view text) {
  const std::string line = fmt::format("smlaunch: {}\n", text);
  (void)!write(STDERR_FILENO, line.data(), line.size());
}

// Sets `cancelled` when nobody reads stdout any more: the login that wanted an answer is gone.
class ReaderWatch {
 public:
  ReaderWatch() : end_(eventfd(0, EFD_CLOEXEC)), thread_([this] { watch(); }) {}
  ~ReaderWatch() {
    const std::uint64_t one = 1;
    (void)!write(end_.get(), &one, sizeof one);
    thread_.join();
  }
  ReaderWatch(const ReaderWatch&) = delete;
  ReaderWatch& operator=(const ReaderWatch&) = delete;

 private:
  void watch() const {
    std::array<pollfd, 2> waits = {{{STDOUT_FILENO, 0, 0}, {end_.get(), POLLIN, 0}}};
    while (poll(waits.data(), waits.size(), -1) < 0) {
    }
    if ((waits[0].revents & (POLLERR | POLLHUP)) != 0) cancelled = true;
  }

  UniqueFd end_;
  std::thread thread_;
};

CodeEnd failed(const CodeRequest& request, const Error& error) {
  CodeEnd end;
  const bool is_configuration = error.fault == Fault::configuration;
  end.failure_class = to_string(is_configuration ? FailureClass::configuration : FailureClass::start);
  end.exit_code = is_configuration ? exit_codes::configuration : exit_codes::start;
  for (const Problem& problem : error.problems) {
    end.message += fmt::format("{}{}: {}: {}", end.message.empty() ? "" : "\n", request.host, problem.where,
                               problem.what);
    if (!problem.remedy.empty()) end.message += "; " + problem.remedy;
  }
  end.failure = fmt::format("{}: {}\n", end.failure_class, end.message);
  return end;
}

std::string cut_line(const std::string& line) {
  if (line.size() <= longest_line) return line;
  std::size_t end = longest_line;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80) --end;
  return line.substr(0, end) + "[...]";
}

CodeEnd install_failed(const CodeRequest& request, const InstallStep& step, const PipEnd& pip) {
  CodeEnd end;
  end.failure_class = failure_name(step.kind);
  end.exit_code = 1;  // the toolkit's, whatever pip's was
  const std::string line = cut_line(choose_pip_line(pip.last_lines));
  const std::string remedy = choose_pip_remedy(pip.last_lines);
  end.message = fmt::format("{}: {} {}{}{}", request.host, fmt::join(step.argv, " "), to_string(pip.status),
                            line.empty() ? "" : ": " + line, remedy.empty() ? "" : "; " + remedy);
  end.failure = render_install_failure(end.failure_class, shell_code(pip.status), request.host, step.argv,
                                       pip.last_lines);
  return end;
}

// The folder of the code may be one that several hosts share; where it is not, the lock is nobody else's. A
// host that has its code on a read-only file system needs none.
Result<CodeFolder> lock_code(const CodeRequest& request) {
  bool is_said = false;
  return CodeFolder::lock(request.code, [&] {
    if (!is_said) say("another smlaunch prepares the same code: waiting for it");
    is_said = true;
    return !cancelled;
  });
}

CodeEnd prepare(const CodeRequest& request, const std::map<std::string, std::string>& environment) {
  CodeEnd end;
  const bool fetches = is_code_to_be_fetched(request.module_dir, request.code);
  auto folder = lock_code(request);
  if (!folder && (fetches || cancelled)) return failed(request, folder.error());
  if (fetches) {
    FetchRequest fetch;
    fetch.module_dir = request.module_dir;
    fetch.code = request.code;
    fetch.working_directory = std::filesystem::current_path();
    fetch.cancelled = &cancelled;
    fetch.download = [](const std::string& url, const std::filesystem::path&) -> Result<void> {
      return failure(Fault::configuration, url, "S3 is not supported by this version");
    };
    const auto fetched = fetch_code(fetch, *folder);
    if (!fetched) return failed(request, fetched.error());
    if (*fetched && !request.is_quiet)
      say(fmt::format("code from {} is in {}", request.module_dir, request.code));
  }
  const EntryPointKind kind = probe_entry_point_kind(request.code, request.program);
  const InstallStep step = decide_install(kind, probe_code_facts(request.code), request.python);
  if (step.kind != InstallKind::none) {
    if (!request.is_quiet) say(fmt::format("{}", fmt::join(step.argv, " ")));
    PipRequest pip;
    pip.argv = step.argv;
    pip.environment = environment;
    pip.folder = request.code;
    pip.cancelled = &cancelled;
    pip.line = [&](bool is_stderr, std::string_view line) {
      if (is_stderr || !request.is_quiet) say(fmt::format("pip: {}", line));
    };
    const auto ended = run_pip(pip);
    if (!ended) return failed(request, ended.error());
    if (!succeeded(ended->status)) return install_failed(request, step, *ended);
  }
  end.is_ready = true;
  return end;
}

}  // namespace

std::string render_install_failure(const std::string& failure_name, int exit_code, const std::string& host,
                                   const std::vector<std::string>& argv,
                                   const std::vector<std::string>& last_lines) {
  const std::string head = fmt::format("{}:\nExitCode {}\nErrorMessage \"", failure_name, exit_code);
  const std::string foot = fmt::format("\"\nExtraInfo \"{}\"\nCommand \"{}\"\n", host, fmt::join(argv, " "));
  const std::size_t room = head.size() + foot.size() < shown ? shown - head.size() - foot.size() : 0;
  std::string message;
  auto first = last_lines.end();
  while (first != last_lines.begin()) {
    const std::string line = cut_line(*(first - 1));
    if (message.size() + line.size() + 1 > room) break;
    message.insert(0, message.empty() ? line : line + "\n");
    --first;
  }
  std::string text = head + message + foot;
  if (first == last_lines.begin()) return text;
  text += fmt::format("\nall last lines of pip on {}:\n", host);
  const std::size_t skipped = last_lines.size() - std::min(last_lines.size(), most_lines);
  for (std::size_t i = skipped; i < last_lines.size(); ++i) text += cut_line(last_lines[i]) + "\n";
  return text;
}

int run_prepare_code() {
  become_subreaper();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, cancel);
  std::signal(SIGPIPE, SIG_IGN);
  std::string bytes;
  std::array<char, 16384> piece{};
  for (ssize_t got = 0; (got = read(STDIN_FILENO, piece.data(), piece.size())) > 0;)
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  const auto request = decode_code_request(bytes);
  fmt::print("smlaunch {}\n", SMLAUNCH_VERSION);
  std::fflush(stdout);
  if (!request) return exit_codes::usage;
  auto environment = own_environment();
  if (!request->leader_environment.empty())
    environment = host_environment(environment, {}, request->leader_environment, false);
  CodeEnd end;
  {
    const ReaderWatch watch;
    end = prepare(*request, environment);
  }
  end_descendants(std::chrono::milliseconds(0));
  if (cancelled) return exit_codes::start;
  fmt::print("{}", render_code_answer(end));
  return 0;
}

}  // namespace smlaunch
