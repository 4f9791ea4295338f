// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/watched_processes.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "base/line_splitter.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

struct WatchedProcesses::Stream {
  explicit Stream(asio::io_context& loop) : pipe(loop) {}
  asio::posix::stream_descriptor pipe;
  LineSplitter splitter;
};

struct WatchedProcesses::Process {
  explicit Process(asio::io_context& loop) : pidfd(loop), out(loop), err(loop) {}
  int id = 0;
  int pid = 0;
  asio::posix::stream_descriptor pidfd;
  Stream out;
  Stream err;
  UniqueFd our_life;
  bool ended = false;
};

WatchedProcesses::WatchedProcesses(asio::io_context& loop, Callbacks callbacks)
    : loop_(loop), callbacks_(std::move(callbacks)) {}

WatchedProcesses::~WatchedProcesses() = default;

tl::expected<void, SpawnError> WatchedProcesses::start(const std::vector<std::string>& argv,
                                                       const std::map<std::string, std::string>& environment,
                                                       int id, DeathSignal death_comes) {
  ChildRequest request;
  request.argv = argv;
  request.environment = environment;
  request.death_signal = SIGTERM;
  request.death_comes = death_comes;
  auto child = spawn_child(request);
  if (!child) return tl::unexpected(child.error());
  auto made = std::make_unique<Process>(loop_);
  made->id = id;
  made->pid = child->pid;
  made->our_life = std::move(child->our_life);
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

void WatchedProcesses::read(Process& process, Stream& stream) {
  // Waits first: thousands of agents that are silent need no memory to read into.
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

void WatchedProcesses::pass_on(Process& process, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    callbacks_.line(process.id, lines.substr(0, end));
    lines.remove_prefix(end + 1);
  }
}

void WatchedProcesses::finish(Process& process) {
  process.ended = true;
  const auto status = reap(process.pid);
  const bool all =
      std::all_of(processes_.begin(), processes_.end(), [](const auto& each) { return each->ended; });
  // What it wrote last may still be in its pipes.
  asio::post(loop_, [this, id = process.id, status, all] { callbacks_.ended(id, status, all); });
}

void WatchedProcesses::signal(int signal) {
  for (const auto& process : processes_)
    if (!process->ended) kill(process->pid, signal);
}

std::vector<int> WatchedProcesses::running_pids() const {
  std::vector<int> found;
  for (const auto& process : processes_)
    if (!process->ended) found.push_back(process->pid);
  return found;
}

std::vector<int> WatchedProcesses::pids() const {
  std::vector<int> found;
  for (const auto& process : processes_) found.push_back(process->pid);
  return found;
}

}  // namespace smlaunch
