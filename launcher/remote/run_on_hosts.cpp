// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/run_on_hosts.hpp"

#include <exception>

#include "launcher/process/asio_loop.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/host_work.hpp"
#include "launcher/remote/remote_loop.hpp"
#include "launcher/remote/slurm_step_run.hpp"

namespace smlaunch {

std::string to_string(ReadyStage stage) {
  switch (stage) {
    case ReadyStage::name: return "name";
    case ReadyStage::tcp: return "tcp";
    case ReadyStage::banner: return "banner";
    case ReadyStage::login: return "login";
    case ReadyStage::code: return "code";
    case ReadyStage::smlaunch: break;
  }
  return "smlaunch";
}

std::string to_string(ReadyState state) {
  switch (state) {
    case ReadyState::waiting: return "waiting";
    case ReadyState::ready: return "ready";
    case ReadyState::failed: break;
  }
  return "failed";
}

namespace {

class NoWork final : public HostWork {
 public:
  NoWork(EventLoop& loop, RemoteReport report, TakeReport done) : timer_(loop.make_timer()) {
    timer_->start(std::chrono::milliseconds(0),
                  [report = std::move(report), done = std::move(done)] { done(report); });
  }
  void stop(int) override {}

 private:
  std::unique_ptr<LoopTimer> timer_;
};

}  // namespace

std::unique_ptr<HostWork> begin_on_hosts(AsioLoop& loop, RemoteRequest request, TakeReport done) {
  try {
    if (request.by_slurm) return begin_slurm_step(loop, request, done);
    return std::make_unique<RemoteLoop>(loop, request, done);
  } catch (const std::exception& error) {
    return std::make_unique<NoWork>(loop, cannot_wait(request, error.what()), std::move(done));
  }
}

RemoteReport run_on_hosts(const RemoteRequest& request) {
  AsioLoop loop;
  StopSignals signals(loop.context());
  RemoteReport made;
  bool is_over = false;
  const auto work = begin_on_hosts(loop, request, [&](RemoteReport report) {
    made = std::move(report);
    is_over = true;
    loop.stop();
  });
  signals.on_signal([&](int signal) {
    if (is_over)
      made.stopped_by_signal = signal;
    else
      work->stop(signal);
  });
  loop.run();
  // A signal that came in the last moment still counts; otherwise the caller would not hear of it.
  loop.poll();
  return made;
}

}  // namespace smlaunch
