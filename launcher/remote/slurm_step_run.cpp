// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/slurm_step_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <memory>
#include <utility>

#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/slurm_step.hpp"
#include "launcher/remote/ssh_login.hpp"

namespace smlaunch {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds progress_interval{200};

class SlurmStep {
 public:
  explicit SlurmStep(const RemoteRequest& request) : request_(request) {
    for (const auto* names : {&request.hosts, &request.spare_hosts})
      for (const std::string& name : *names)
        if (name != request.own_host) asked_.push_back(name);
  }

  RemoteReport run() {
    if (!asked_.empty()) run_step();
    RemoteReport made = report();
    if (request_.progress) request_.progress(made);
    return made;
  }

 private:
  void run_step() {
    signals_.on_signal([this](int number) { finish(number); });
    const bool asks_smlaunch = request_.until == ReadyStage::smlaunch;
    step_ = std::make_shared<SshLogin>(loop_, false);
    const int error = step_->start(
        make_step_argv(asked_, asks_smlaunch ? request_.login.command : "true"), request_.login.input,
        request_.timeout, [this](LoginEnd end) { take(std::move(end)); }, [this] { loop_.stop(); });
    if (error != 0) {
      problems_.of_step = fmt::format("srun cannot be started: {}", std::strerror(error));
      is_over_ = true;
      return;
    }
    tick();
    loop_.run();
    step_->stop();
  }

  void take(LoginEnd end) {
    is_over_ = true;
    answers_ = parse_step_output(end.out);
    problems_ = parse_step_problems(end.err);
    if (problems_.of_step.empty() && answers_.empty() && !end.err.empty())
      problems_.of_step = to_plain_line(std::string_view(end.err).substr(0, end.err.find('\n')));
    loop_.stop();
  }

  void finish(int signal) {
    stopped_by_signal_ = signal;
    loop_.stop();
  }

  void tick() {
    ticker_.expires_after(progress_interval);
    ticker_.async_wait([this](const error_code& error) {
      if (error || is_over_) return;
      if (const int signal = request_.stop_asked ? request_.stop_asked() : 0; signal != 0)
        return finish(signal);
      if (request_.progress) request_.progress(report());
      tick();
    });
  }

  [[nodiscard]] HostReadiness state_of(const std::string& name, double seconds) const {
    if (name == request_.own_host) return {.name = name, .state = ReadyState::ready, .stage = request_.until};
    HostReadiness is;
    if (is_over_) {
      const auto answer = answers_.find(name);
      is = judge_step_answer(name, answer == answers_.end() ? nullptr : &answer->second, problems_, request_);
    } else {
      is = {.name = name,
            .stage = ReadyStage::login,
            .cause = {.trouble = HostTrouble::step_runs},
            .remedy = "see what Slurm says of it: squeue --steps, scontrol show node " + name,
            .login_under_way = true};
    }
    is.seconds = seconds;
    return is;
  }

  [[nodiscard]] RemoteReport report() const {
    RemoteReport made;
    made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    made.stopped_by_signal = stopped_by_signal_;
    for (const std::string& name : request_.hosts) made.hosts.push_back(state_of(name, made.seconds));
    for (const std::string& name : request_.spare_hosts)
      made.spare_hosts.push_back(state_of(name, made.seconds));
    made.ready = std::all_of(made.hosts.begin(), made.hosts.end(),
                             [](const HostReadiness& host) { return host.state == ReadyState::ready; });
    return made;
  }

  const RemoteRequest& request_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  boost::asio::io_context loop_{1};
  StopSignals signals_{loop_};
  boost::asio::steady_timer ticker_{loop_};
  std::shared_ptr<SshLogin> step_;
  std::vector<std::string> asked_;
  std::map<std::string, std::string> answers_;
  StepProblems problems_;
  int stopped_by_signal_ = 0;
  bool is_over_ = false;
};

}  // namespace

RemoteReport run_slurm_step(const RemoteRequest& request) { return SlurmStep(request).run(); }

}  // namespace smlaunch
