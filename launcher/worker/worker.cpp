// SPDX-License-Identifier: Apache-2.0
// waiting -> handed over -> ended. Told to stop, it tells the leader and stays until the outcome: the leader
// decides when all hosts are done.
#include "launcher/worker/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <iterator>
#include <memory>
#include <optional>

#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/hand_over.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/code/code_preparation.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/job_processes.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/worker/sshd.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds orphan_grace{1000};
// The agents here hear last of the leader when we do, but for a second; then their ranks get the grace. A
// SIGTERM of ours would make them hurry.
constexpr milliseconds agents_bound{2000};
// Open MPI's daemon removes its folder when it ends in good order, which it does not always when mpirun is
// gone.
constexpr milliseconds folder_bound{1000};

class Worker {
 public:
  Worker(const WorkerSettings& settings, UniqueFd listener)
      : settings_(settings),
        environment_(own_environment()),
        listener_(loop_, listener.release()),
        signals_(loop_),
        bound_timer_(loop_),
        preparation_(loop_) {}

  WorkerResult run() {
    prepare_code();
    wait_for_request();
    signals_.on_signal([this](int signal) { told_to_stop(signal); });
    wait_for_leader();
    loop_.run();
    preparation_.stop();
    // The agents end what is theirs; what a killed agent leaves is ended here.
    if (result_.leader_lost)
      wait_for_job_processes(job_, std::min(settings_.failure_grace, longest_orphan_grace) + agents_bound);
    if (!job_.empty()) end_job_processes(job_, orphan_grace);
    if (result_.leader_lost) {
      end_daemon(daemon_);
      remove_session_folder(session_folder_, folder_bound);
    }
    return result_;
  }

 private:
  void prepare_code() {
    CodeEnd ready;
    ready.is_ready = true;
    if (!settings_.code) return code_ended(ready);
    auto started = preparation_.start(*settings_.code, [this](const CodeEnd& end) { code_ended(end); });
    if (!started) code_ended(code_failure(settings_.current_host, started.error()));
  }

  // The leader is told as soon as it has come, and ends the job where it failed.
  void code_ended(const CodeEnd& end) {
    code_end_ = end;
    if (!end.is_ready) {
      result_.code_failure = end;
      if (settings_.code_failed) settings_.code_failed(end);
    }
    if (channel_) channel_->send_data(FrameKind::code_ended, encode(end));
  }

  void wait_for_leader() {
    bound_timer_.expires_after(settings_.leader_bound);
    bound_timer_.async_wait([this](error_code error) {
      if (error) return;
      result_.leader_came = false;
      loop_.stop();
    });
  }

  void wait_for_request() {
    listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
      if (error) return;
      if (auto request = serve_worker_request(listener_.native_handle(), environment_)) {
        if (!request->session_folder.empty()) session_folder_ = request->session_folder;
        if (request->daemon.valid()) daemon_ = std::move(request->daemon);
        if (!request->hand_over.empty() && !channel_) take_over(request->hand_over);
      }
      wait_for_request();
    });
  }

  void take_over(const std::string& bytes) {
    const auto hand_over = decode_hand_over(bytes);
    if (!hand_over) return;
    const auto place = std::find(hand_over->hosts.begin(), hand_over->hosts.end(), settings_.current_host);
    if (place == hand_over->hosts.end()) return;
    bound_timer_.cancel();
    job_ = hand_over->job;
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = settings_.current_host;
    hello.peer = hand_over->world_size + static_cast<int>(place - hand_over->hosts.begin());
    hello.pid = getpid();
    channel_ = std::make_unique<ChannelClient>(loop_, hand_over->channel_host, hand_over->channel_port,
                                               hand_over->token, std::move(hello), settings_.lost_after);
    channel_->set_lost_after(settings_.lost_after);
    channel_->start({[this](const Frame& frame) { received(frame); },
                     [this] {
                       if (result_.stopped_by_signal != 0) ask_to_stop();
                     },
                     [this] { lost(); },
                     [this](const std::string&) { lost(); },
                     {}});
    if (code_end_) channel_->send_data(FrameKind::code_ended, encode(*code_end_));
  }

  void received(const Frame& frame) {
    if (frame.kind != FrameKind::outcome) return;
    const auto end = decode_job_end(frame.payload);
    if (!end) return;
    channel_->send(FrameKind::outcome, "");
    channel_->stop();
    if (end->kind == job_is_tried_again && result_.stopped_by_signal == 0)
      return asio::post(loop_, [this] { begin_again(); });
    result_.end = *end;
    result_.stopped_by_signal = 0;
    loop_.stop();
  }

  // The leader comes again, with another hand-over.
  void begin_again() {
    end_job_processes(job_, orphan_grace);
    job_.clear();
    if (settings_.tried_again) settings_.tried_again();
    // Handlers of it may still be under way.
    retired_.push_back(std::move(channel_));
    wait_for_leader();
  }

  void lost() {
    result_.leader_lost = true;
    loop_.stop();
  }

  void told_to_stop(int signal) {
    const bool again = result_.stopped_by_signal != 0;
    result_.stopped_by_signal = signal;
    if (!again) result_.stop_asked = std::chrono::steady_clock::now();
    if (!channel_ || again) return loop_.stop();
    ask_to_stop();
    bound_timer_.expires_after(settings_.stop_grace);
    bound_timer_.async_wait([this](error_code cancelled) {
      if (!cancelled) loop_.stop();
    });
  }

  // Dropped where the connection is just being taken up again: then it is said on the new one.
  void ask_to_stop() {
    channel_->send(FrameKind::stop_request,
                   encode_number(static_cast<std::uint64_t>(result_.stopped_by_signal)));
  }

  WorkerSettings settings_;
  std::map<std::string, std::string> environment_;
  asio::io_context loop_;
  asio::posix::stream_descriptor listener_;
  StopSignals signals_;
  asio::steady_timer bound_timer_;
  std::unique_ptr<ChannelClient> channel_;
  std::vector<std::unique_ptr<ChannelClient>> retired_;  // of earlier tries of the job
  std::string job_;
  std::string session_folder_;  // of the daemon that started the agents here
  UniqueFd daemon_;             // it itself
  CodePreparation preparation_;
  std::optional<CodeEnd> code_end_;
  WorkerResult result_;
};

}  // namespace

Result<WorkerResult> run_worker(const WorkerSettings& settings) {
  const std::string name = worker_socket_name(settings.hosts);
  auto listener = listen_as_worker(name);
  if (!listener) return tl::unexpected(listener.error());
  auto sshd = start_sshd_if_none(settings.ssh_port);
  if (!sshd) {
    remove_worker_socket(name);
    return tl::unexpected(sshd.error());
  }
  const WorkerResult result = Worker(settings, std::move(*listener)).run();
  remove_worker_socket(name);
  if (*sshd) {
    kill((*sshd)->pid, SIGTERM);
    (void)reap((*sshd)->pid);
  }
  return result;
}

}  // namespace smlaunch
