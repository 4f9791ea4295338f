// SPDX-License-Identifier: Apache-2.0
// What the leader's run says of itself while it goes on: to the terminal's last line, and to whoever asks the board.
#include <algorithm>

#include "launcher/leader/leader_run.hpp"
#include "launcher/outcome/silence_sentence.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/status/render_status.hpp"

namespace smlaunch {

namespace {

// A short job shows its result and nothing else.
constexpr double quiet_seconds = 1;

JobStage stage_of_job(bool has_spawned, const JobRecord& record) {
  const bool any_failed = std::any_of(record.ranks.begin(), record.ranks.end(), [](const RankRecord& rank) {
    return rank.done() && !rank.ended_well();
  });
  if (record.stop_signal || record.hang || any_failed) return JobStage::stop;
  return has_spawned ? JobStage::run : JobStage::start;
}

// What is there of an earlier try.
void forget_try(JobStatus& status) {
  status.smoke.clear();
  status.busbw_gbps.reset();
  status.counts.clear();
  status.progress.reset();
  status.silence.reset();
  status.values.clear();
  status.ranks.clear();
  status.starters.clear();
  status.looks.reset();
}

void add_values(JobStatus& status, const ProgressValues& values) {
  for (const auto& [name, value] : values) {
    const auto [range, is_new] = status.values.try_emplace(name, ValueRange{value, value});
    if (is_new) continue;
    range->second.lowest = std::min(range->second.lowest, value);
    range->second.highest = std::max(range->second.highest, value);
  }
}

// Of a job that is too large for one message: without its ranks, and without their stacks where these are too many.
std::string render_to_fit(JobStatus status, StatusForm form) {
  std::string text = render_in_form(status, form);
  if (text.size() <= most_in_told_status) return text;
  status.ranks.clear();
  status.starters.clear();
  text = render_in_form(status, form);
  if (text.size() <= most_in_told_status) return text;
  status.looks.reset();
  return render_in_form(status, form);
}

}  // namespace

void JobRun::add_status(JobStatus& status, bool with_ranks) {
  add_ranks(status, record(), reports_.hosts(), with_ranks);
  status.progress = record().progress;
  if (status.progress)
    status.progress_ago = std::max(0.0, reports_.seconds_at(world_.loop.now_ns()) - status.progress->seconds);
  if (has_spawned_) status.silence = reports_.silence();
}

void JobRun::look_now(std::function<void(std::vector<RankLook>)> done) {
  starts_.finish();
  const std::vector<Rank> running = ranks_that_run();
  const std::vector<Rank> asked =
      asked_looks_.begin(running, [this, running, done = std::move(done)](const AskedLooks::Looks& answers) {
        const std::string own_starter = starter();
        std::vector<RankLook> looks;
        for (const Rank rank : running) {
          RankLook look{.rank = rank, .host = reports_.host(rank)};
          if (const auto answer = answers.find(rank); answer != answers.end()) {
            look.state = answer->second.state;
            look.cores_used = answer->second.cores_used;
          }
          if (own_starter.empty())
            looks.push_back(std::move(look));
          else
            for (RankLook& own : looks_at_ranks(look, record())) looks.push_back(std::move(own));
        }
        reports_.tell_slow_ranks(looks);
        done(std::move(looks));
      });
  for (const Rank rank : asked) world_.channel.inspect(Peer{rank.value}, Inspection::look_closely);
}

JobStatus LeaderRun::status(bool with_ranks) {
  JobStatus made = settings_.board != nullptr ? settings_.board->noted() : JobStatus();
  forget_try(made);
  made.hosts = static_cast<int>(plan_.cluster.hosts.size());
  switch (phase_) {
    case Phase::waiting: made.stage = JobStage::ready; break;
    case Phase::smoking: made.stage = JobStage::smoke; break;
    case Phase::running: made.stage = stage_of_job(job_run_->has_spawned(), job_run_->record()); break;
    case Phase::goodbye: made.stage = JobStage::stop; break;
  }
  if (phase_ != Phase::waiting) made.hosts_ready = made.hosts;
  // Hosts that start themselves are ready when they have come; of others, those tell who wait for them.
  if (phase_ == Phase::waiting && !settings_.job_token.empty())
    made.hosts_ready =
        1 + static_cast<int>(std::count_if(workers_.all().begin(), workers_.all().end(),
                                           [](const RosterWorker& worker) { return worker.is_connected; }));
  if (smoke_) {
    made.smoke = smoke_->in_words();
    if (smoke_->report()) made.busbw_gbps = smoke_->report()->busbw_gbps;
  }
  made.phases = phases_.so_far(world_.loop.now_ns());
  if (job_run_)
    job_run_->add_status(made, with_ranks);
  else
    made.counts[RankStage::waiting] = known_ranks(plan_);
  if (with_ranks)
    for (const RankStatus& rank : made.ranks) add_values(made, rank.progress);
  return made;
}

void LeaderRun::tell_status(const StatusWish& wish, const StatusBoard::Answer& answer) {
  if (!wish.stacks || phase_ != Phase::running || !job_run_->has_spawned()) return answer(status(wish.ranks));
  job_run_->look_now([this, wish, answer](std::vector<RankLook> looks) {
    JobStatus made = status(wish.ranks);
    made.looks = std::move(looks);
    answer(std::move(made));
  });
}

// Who is told nothing gives up soon, and says who leads.
void LeaderRun::tell_worker(Peer peer, const StatusWanted& wanted) {
  tell_status({.ranks = true, .stacks = wanted.stacks, .form = wanted.form},
              [this, peer, wanted](const JobStatus& made) {
                if (!told_workers_.has_room(world_.loop.now_ns())) return;
                const StatusTold told{.number = wanted.number, .text = render_to_fit(made, wanted.form)};
                told_workers_.add(told.text.size());
                world_.channel.tell_status(peer, told);
              });
}

void LeaderRun::note_status(const JobStatus& status) {
  if (settings_.board != nullptr) settings_.board->note([&status](JobStatus& noted) { noted = status; });
}

// Once a second.
void LeaderRun::show_status() {
  if (settings_.board == nullptr) return;
  const JobStatus made = status(false);
  note_status(made);
  const std::size_t width = world_.output.live_width();
  const bool is_young = seconds_between(begin_ns_, world_.loop.now_ns()) < quiet_seconds;
  // While hosts are waited for, the terminal shows those that are missing.
  if (width > 0 && !is_young && !is_suspended_ && phase_ != Phase::waiting)
    world_.output.show_live(render_live_line(made, width));
}

}  // namespace smlaunch
