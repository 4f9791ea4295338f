// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/engine_processes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/line_splitter.hpp"
#include "launcher/evidence/text_tail.hpp"
#include "launcher/process/tcp_peers.hpp"
#include "mpi/tagged_line.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

struct EngineProcesses::Stream {
  explicit Stream(asio::io_context& loop) : pipe(loop) {}
  asio::posix::stream_descriptor pipe;
  LineSplitter splitter;
};

struct EngineProcesses::Process {
  explicit Process(asio::io_context& loop) : pidfd(loop), out(loop), err(loop) {}
  int pid = 0;
  Rank rank;
  asio::posix::stream_descriptor pidfd;
  Stream out;
  Stream err;
  TextTail tail;
  bool ended = false;
};

EngineProcesses::EngineProcesses(asio::io_context& loop, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)) {}

EngineProcesses::~EngineProcesses() = default;

tl::expected<void, SpawnError> EngineProcesses::start(const std::vector<std::string>& argv,
                                                      const std::map<std::string, std::string>& environment,
                                                      Rank rank) {
  ChildRequest request;
  request.argv = argv;
  request.environment = environment;
  request.death_signal = SIGTERM;
  auto child = spawn_child(request);
  if (!child) return tl::unexpected(child.error());
  auto made = std::make_unique<Process>(loop_);
  made->pid = child->pid;
  made->rank = rank;
  made->pidfd.assign(child->pidfd.release());
  made->out.pipe.assign(child->stdout_pipe.release());
  made->err.pipe.assign(child->stderr_pipe.release());
  Process& process = *made;
  processes_.push_back(std::move(made));
  read(process, process.out);
  read(process, process.err);
  process.pidfd.async_wait(asio::posix::stream_descriptor::wait_read, [this, &process](error_code error) {
    if (!error) finish(process);
  });
  return {};
}

void EngineProcesses::read(Process& process, Stream& stream) {
  // Waits before it makes a buffer, so that thousands of silent agents need no memory.
  stream.pipe.async_wait(
      asio::posix::stream_descriptor::wait_read, [this, &process, &stream](error_code error) {
        std::array<char, 16U << 10U> bytes;
        const std::size_t got = error ? 0 : stream.pipe.read_some(asio::buffer(bytes), error);
        std::string lines;
        if (error)
          stream.splitter.finish(lines);
        else
          stream.splitter.feed({bytes.data(), got}, lines);
        pass_on(process, lines);
        if (!error) read(process, stream);
      });
}

void EngineProcesses::pass_on(Process& process, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    if (!parse_tagged_line(line)) process.tail.add(lines.substr(0, end + 1));
    callbacks_.line(line);
    lines.remove_prefix(end + 1);
  }
}

void EngineProcesses::finish(Process& process) {
  process.ended = true;
  const auto status = reap(process.pid);
  const bool all =
      std::all_of(processes_.begin(), processes_.end(), [](const auto& each) { return each->ended; });
  // Its last words may still be in its pipes.
  asio::post(loop_, [this, rank = process.rank, status, all] { callbacks_.ended(rank, status, all); });
}

void EngineProcesses::signal(int signal) {
  for (const auto& process : processes_)
    if (!process->ended) kill(process->pid, signal);
}

std::vector<std::string> EngineProcesses::last_words() const {
  return processes_.empty() ? std::vector<std::string>() : processes_.front()->tail.lines();
}

std::set<std::string> EngineProcesses::peers() const {
  std::set<std::string> peers;
  for (const auto& process : processes_)
    if (!process->ended) peers.merge(probe_tcp_peers(process->pid));
  return peers;
}

void EngineProcesses::remove_session_folders(const std::string& own_host) const {
  const char* temporary = std::getenv("TMPDIR");
  const std::filesystem::path base = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
  std::error_code ignored;
  // mpirun chooses by which of its names it calls the host (orte_keep_fqdn_hostnames).
  for (const std::string& host : {own_host, own_host.substr(0, own_host.find('.'))}) {
    const auto sessions = base / fmt::format("ompi.{}.{}", host, getuid());
    for (const auto& process : processes_) {
      std::filesystem::remove_all(sessions / fmt::format("pid.{}", process->pid), ignored);
      std::filesystem::remove_all(base / fmt::format("prterun.{}.{}.{}", host, process->pid, getuid()),
                                  ignored);
    }
    std::filesystem::remove(sessions, ignored);  // fails where another job has its folder in it
  }
}

}  // namespace smlaunch
