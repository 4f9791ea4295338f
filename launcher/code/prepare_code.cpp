// SPDX-License-Identifier: Apache-2.0
#include "launcher/code/prepare_code.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/exit_codes.hpp"
#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "base/read_file.hpp"
#include "launcher/code/pip_process.hpp"
#include "launcher/contract/code/code_artifact.hpp"
#include "launcher/contract/code/fetch_code.hpp"
#include "launcher/contract/code/install_step.hpp"
#include "launcher/contract/s3/s3_client.hpp"
#include "launcher/contract/s3/transfer_display.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/host_environment.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t shown = 1024;  // bytes of a failure file: never more than so many characters
constexpr std::size_t most_lines = 100;
constexpr std::size_t longest_line = 300;

// By a stop signal, or because nobody waits for the answer.
std::atomic<bool> cancelled{false};

// Sets `cancelled` when nobody reads stdout any more: then the login that wanted the answer is gone.
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
    std::array<pollfd, 2> waits = {{{.fd = STDOUT_FILENO, .events = 0, .revents = 0},
                                    {.fd = end_.get(), .events = POLLIN, .revents = 0}}};
    while (poll(waits.data(), waits.size(), -1) < 0) {
    }
    if ((waits[0].revents & (POLLERR | POLLHUP)) != 0) cancelled = true;
  }

  UniqueFd end_;
  std::thread thread_;
};

CodeEnd ready() {
  CodeEnd end;
  end.is_ready = true;
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
  end.failure_class =
      step.kind == InstallKind::module ? FailureClass::install_module : FailureClass::install_requirements;
  const auto reason = choose_pip_reason(pip.last_lines);
  const std::string remedy = choose_pip_remedy(pip.last_lines);
  end.message = fmt::format("{}: {} {}{}{}", request.host, fmt::join(step.argv, " "), to_string(pip.status),
                            reason ? ": " + cut_line(reason->text) : "", remedy.empty() ? "" : "; " + remedy);
  end.failure = render_install_failure(to_string(end.failure_class), shell_code(pip.status), request.host,
                                       step.argv, pip.last_lines);
  return end;
}

// The user's own netrc(5) file, as Python's programs find it: $NETRC, ~/.netrc, ~/_netrc.
std::string read_users_netrc(const Variables& variables) {
  const auto home = variables.find("HOME");
  const std::string folder = home == variables.end() ? "" : home->second;
  std::vector<std::string> files = {folder + "/.netrc", folder + "/_netrc"};
  if (const auto named = variables.find("NETRC"); named != variables.end()) files = {named->second};
  for (const std::string& file : files)
    if (std::string text = read_small_file(file); !text.empty()) return text;
  return "";
}

// Several hosts may share the folder of the code. Where they do not, nobody else wants the lock. A host with
// its code on a read-only file system needs no lock.
Result<CodeFolder> lock_code(const CodeRequest& request) {
  bool is_said = false;
  return CodeFolder::lock(request.code, [&] {
    if (!is_said) say("another smlaunch prepares the same code: waiting for it");
    is_said = true;
    return !cancelled;
  });
}

Result<void> download(const Variables& variables, const CodeRequest& request, const std::string& url,
                      const std::filesystem::path& file) {
  const auto object = parse_s3_url(url);
  if (!object) return tl::unexpected(object.error());
  S3Client::Settings settings;
  settings.cancelled = &cancelled;
  TransferDisplay display(STDERR_FILENO, request.is_quiet ? 0 : request.terminal_width,
                          fmt::format("fetching {}", url));
  settings.counter = [&](std::uint64_t bytes) { display.add(bytes); };
  settings.size_known = [&](std::uint64_t bytes) {
    display.set_size(bytes);
    if (!request.is_quiet) say("fetching {}, {} bytes", url, bytes);
  };
  return S3Client(variables, settings).download(*object, file);
}

// CodeArtifact's token reaches pip in a file in memory. Only this user can open the file, and only while we
// live. From the index's URL, pip would put a token on the command lines of the pips that it starts.
Result<UniqueFd> set_package_index(const Variables& variables, PipRequest& pip) {
  const auto arn = variables.find(code_artifact_variable);
  if (arn == variables.end() || arn->second.empty()) return UniqueFd();
  const auto repository = parse_code_artifact_arn(arn->second);
  if (!repository) return tl::unexpected(repository.error());
  HttpSettings settings;
  settings.cancelled = &cancelled;
  HttpClient http(settings);
  AwsCredentialProvider credentials(variables, http);
  const auto index = ask_code_artifact(*repository, variables, http, credentials);
  if (!index) return tl::unexpected(index.error());
  UniqueFd netrc(memfd_create("netrc", MFD_CLOEXEC));
  const std::string text = render_netrc(read_users_netrc(variables), *index);
  if (!netrc.valid() || write(netrc.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return failure(Fault::start, "netrc", fmt::format("cannot be written: {}", std::strerror(errno)));
  pip.environment["NETRC"] = fmt::format("/proc/{}/fd/{}", getpid(), netrc.get());
  pip.environment["PIP_INDEX_URL"] = index->url;
  pip.secrets.push_back(index->token);
  return netrc;
}

CodeEnd fetch(const CodeRequest& request, const Variables& variables, CodeFolder& folder) {
  FetchRequest fetch;
  fetch.module_dir = request.module_dir;
  fetch.is_in_code = request.is_trainer;
  fetch.code = request.code;
  fetch.working_directory = std::filesystem::current_path();
  fetch.cancelled = &cancelled;
  Variables of_s3 = variables;
  if (!request.region.empty()) of_s3.try_emplace("AWS_REGION", request.region);
  fetch.download = [&](const std::string& url, const std::filesystem::path& file) {
    return download(of_s3, request, url, file);
  };
  fetch.warn = [&](const std::string& warning) { say("{}: {}", request.host, warning); };
  const auto fetched = fetch_code(fetch, folder);
  if (!fetched) return code_failure(request.host, fetched.error());
  if (*fetched && !request.is_quiet) say("code from {} is in {}", request.module_dir, request.code);
  return ready();
}

CodeEnd install(const CodeRequest& request, const Variables& variables) {
  const EntryPointKind kind = probe_entry_point_kind(request.code, request.program);
  const CodeFacts facts = probe_code_facts(request.code);
  const InstallStep step = request.is_trainer ? install_requirements(request.requirements, request.python)
                                              : decide_install(kind, facts, request.python);
  if (step.kind == InstallKind::none) return ready();
  PipRequest pip;
  pip.argv = step.argv;
  pip.environment = variables;
  pip.folder = request.code;
  pip.cancelled = &cancelled;
  pip.line = [&](bool is_stderr, std::string_view line) {
    if (is_stderr || !request.is_quiet) say("pip: {}", line);
  };
  UniqueFd netrc;
  if (facts.has_requirements || request.is_trainer) {
    auto set = set_package_index(variables, pip);
    if (!set) return code_failure(request.host, set.error());
    netrc = std::move(*set);
  }
  if (!request.is_quiet) say("{}", fmt::join(step.argv, " "));
  const auto ended = run_pip(pip);
  if (!ended) return code_failure(request.host, ended.error());
  return succeeded(ended->status) ? ready() : install_failed(request, step, *ended);
}

CodeEnd prepare(const CodeRequest& request, const Variables& variables) {
  const bool fetches = request.is_trainer ? is_archive_to_be_unpacked(request.module_dir, request.code)
                                          : is_code_to_be_fetched(request.module_dir, request.code);
  auto folder = lock_code(request);
  if (!folder && (fetches || cancelled)) return code_failure(request.host, folder.error());
  if (fetches)
    if (CodeEnd end = fetch(request, variables, *folder); !end.is_ready) return end;
  return install(request, variables);
}

}  // namespace

std::string render_install_failure(const std::string& failure_name, int exit_code, const std::string& host,
                                   const std::vector<std::string>& argv,
                                   const std::vector<std::string>& last_lines) {
  const std::string head = fmt::format("{}:\nExitCode {}\nErrorMessage \"", failure_name, exit_code);
  const std::string foot = fmt::format("\"\nExtraInfo \"{}\"\nCommand \"{}\"\n", host, fmt::join(argv, " "));
  const std::size_t room = head.size() + foot.size() < shown ? shown - head.size() - foot.size() : 0;
  const auto reason = choose_pip_reason(last_lines);
  const std::string reason_first = reason ? cut_line(reason->text) + "\n[...]\n" : "";
  // The last words need not be about the failure.
  const auto have_reason = [&](std::size_t begin) { return !reason || begin <= reason->first_line; };
  const std::size_t room_for_all = room - std::min(room, reason_first.size());
  std::string message;
  std::size_t first = last_lines.size();
  while (first > 0) {
    const std::string line = cut_line(last_lines[first - 1]);
    if (message.size() + line.size() + 1 > (have_reason(first - 1) ? room : room_for_all)) break;
    message.insert(0, message.empty() ? line : line + "\n");
    --first;
  }
  if (!have_reason(first)) message.insert(0, reason_first);
  std::string text = head + message + foot;
  if (first == 0) return text;
  text += fmt::format("\nall last lines of pip on {}:\n", host);
  const std::size_t skipped = last_lines.size() - std::min(last_lines.size(), most_lines);
  for (std::size_t i = skipped; i < last_lines.size(); ++i) text += cut_line(last_lines[i]) + "\n";
  return text;
}

int run_prepare_code() {
  become_subreaper();
  note_stop_signals(cancelled);
  std::string bytes;
  std::array<char, 16384> piece{};
  for (ssize_t got = 0; (got = read(STDIN_FILENO, piece.data(), piece.size())) > 0;)
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  auto request = decode_code_request(bytes);
  write_text(1, fmt::format("smlaunch {}\n", SMLAUNCH_VERSION));
  if (!request) return exit_codes::usage;
  if (request->host.empty()) request->host = probe_host_name();
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
  write_text(1, render_code_answer(end));
  return 0;
}

}  // namespace smlaunch
