// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/slurm_step_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "launcher/process/asio_loop.hpp"
#include "launcher/remote/slurm_step.hpp"
#include "launcher/remote/ssh_login.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds step_progress_interval{200};

class SlurmStep final : public HostWork {
 public:
  SlurmStep(AsioLoop& loop, RemoteRequest request, TakeReport take)
      : request_(std::move(request)),
        take_(std::move(take)),
        loop_(loop),
        ticker_(loop.make_timer()),
        end_(loop.make_timer()) {
    for (const auto* names : {&request_.hosts, &request_.spare_hosts})
      for (const std::string& name : *names)
        if (name != request_.own_host) asked_.push_back(name);
    if (asked_.empty())
      finish();
    else
      begin();
  }

  ~SlurmStep() override {
    if (step_) step_->stop();
  }

  void stop(int signal) override {
    stopped_by_signal_ = signal;
    finish();
  }

 private:
  void begin() {
    const bool asks_smlaunch = request_.until == ReadyStage::smlaunch;
    step_ = std::make_shared<SshLogin>(loop_.context(), false);
    const int error =
        step_->start(make_step_argv(asked_, asks_smlaunch ? request_.login.command : "true"),
                     request_.login.input, request_.timeout,
                     {.ended = [this](LoginEnd end) { take(std::move(end)); }, .hung = [this] { finish(); }});
    if (error == 0) return tick();
    problems_.of_step = fmt::format("srun cannot be started: {}", std::strerror(error));
    is_over_ = true;
    finish();
  }

  void take(LoginEnd end) {
    is_over_ = true;
    answers_ = parse_step_output(end.out);
    problems_ = parse_step_problems(end.err);
    if (problems_.of_step.empty() && answers_.empty() && !end.err.empty())
      problems_.of_step = to_plain_line(std::string_view(end.err).substr(0, end.err.find('\n')));
    finish();
  }

  // What has come until now still counts, a stop signal above all.
  void finish() {
    ticker_->cancel();
    end_->start(milliseconds(0), [this] { tell(); });
  }

  void tell() {
    const TakeReport take = std::exchange(take_, nullptr);
    if (!take) return;
    RemoteReport made = report();
    if (request_.progress) request_.progress(made);
    if (step_) step_->stop();
    take(std::move(made));
  }

  void tick() {
    ticker_->start(step_progress_interval, [this] {
      if (request_.is_pointless && request_.is_pointless()) {
        is_given_up_ = true;
        return finish();
      }
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
    made.is_given_up = is_given_up_;
    for (const std::string& name : request_.hosts) made.hosts.push_back(state_of(name, made.seconds));
    for (const std::string& name : request_.spare_hosts)
      made.spare_hosts.push_back(state_of(name, made.seconds));
    made.ready = std::all_of(made.hosts.begin(), made.hosts.end(),
                             [](const HostReadiness& host) { return host.state == ReadyState::ready; });
    return made;
  }

  RemoteRequest request_;
  TakeReport take_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  AsioLoop& loop_;
  std::unique_ptr<LoopTimer> ticker_;
  std::unique_ptr<LoopTimer> end_;
  std::shared_ptr<SshLogin> step_;
  std::vector<std::string> asked_;
  std::map<std::string, std::string> answers_;
  StepProblems problems_;
  int stopped_by_signal_ = 0;
  bool is_given_up_ = false;
  bool is_over_ = false;
};

}  // namespace

std::unique_ptr<HostWork> begin_slurm_step(AsioLoop& loop, RemoteRequest request, TakeReport done) {
  return std::make_unique<SlurmStep>(loop, std::move(request), std::move(done));
}

}  // namespace smlaunch
