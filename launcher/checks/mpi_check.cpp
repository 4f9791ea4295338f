// SPDX-License-Identifier: Apache-2.0
// Each repeat is a barrier and an all-reduce, which are timed separately. A rank that comes late to the
// barrier waits the shortest there, and its lateness is not in the time of the all-reduce.
#include "launcher/checks/mpi_check.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "launcher/checks/mpi_check_library.hpp"
#include "launcher/smoke/check_stream.hpp"
#include "launcher/smoke/loaded_file.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* open_mpi_library = "libmpi.so.40";
constexpr int least_arrivals = 2;
// A mebibyte.
constexpr std::size_t warm_up_elements = 131072;
// No sum of contributions has this value, so an all-reduce that writes nothing is detected.
constexpr std::int64_t unwritten = -0x5A5A'5A5A'5A5A'5A5BLL;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

class MpiCheck {
 public:
  explicit MpiCheck(CheckSettings settings) : settings_(std::move(settings)) {}

  int run(CheckStream& stream, const std::function<HostGpus()>& probe_gpus) {
    stream.reached(0, SmokeStage::spawned);
    if (settings_.tells_host) stream.send(probe_gpus());
    if (!prepare(stream)) return wait_for_quit(stream);
    while (true) {
      const CheckCommand command = stream.wait();
      if (const auto* test = std::get_if<RunTest>(&command); test != nullptr && !run_test(stream, *test))
        return wait_for_quit(stream);
      if (std::holds_alternative<QuitCheck>(command)) break;
    }
    mpi_->finalize();
    return 0;
  }

 private:
  bool failed(CheckStream& stream, int test, SmokeStage stage, std::string text) {
    stream.send(CheckFailed{test, stage, std::move(text)});
    return false;
  }

  // A rank that cannot go on must not call MPI_Finalize, which would wait for the others.
  static int wait_for_quit(CheckStream& stream) {
    while (!std::holds_alternative<QuitCheck>(stream.wait())) {
    }
    _exit(1);
  }

  bool prepare(CheckStream& stream) {
    std::string name = settings_.library == library_of_loader || settings_.library == library_of_python
                           ? open_mpi_library
                           : settings_.library;
    if (settings_.injection == InjectionKind::missing_library) name += ".injected-as-missing";
    auto opened = MpiLibrary::open(name);
    if (!opened) {
      const Problem& problem = opened.error().problems.front();
      return failed(stream, 0, SmokeStage::library_loaded,
                    fmt::format("{}: {}", problem.where, problem.what));
    }
    mpi_ = *opened;
    const LoadedFile file = find_loaded_file(mpi_->symbol());
    stream.send(LibraryFacts{file.path, mpi_->version(), file.build_id});
    stream.reached(0, SmokeStage::library_loaded);
    try {
      elements_ = static_cast<std::size_t>(settings_.bytes) / sizeof(std::int64_t);
      sent_ = std::make_unique_for_overwrite<std::int64_t[]>(elements_);
      sums_ = std::make_unique_for_overwrite<std::int64_t[]>(elements_);
    } catch (const std::bad_alloc&) {
      return failed(stream, 0, SmokeStage::device_ready,
                    fmt::format("no memory for two buffers of {} bytes", settings_.bytes));
    }
    stream.reached(0, SmokeStage::device_ready);
    return true;
  }

  bool run_test(CheckStream& stream, const RunTest& test) {
    const auto failed_at = [&](SmokeStage stage, int error) {
      return failed(stream, test.test, stage, fmt::format("Open MPI: {}", mpi_->describe(error)));
    };
    stream.reached(test.test, SmokeStage::id_received);
    while (settings_.injection == InjectionKind::hang) std::this_thread::sleep_for(std::chrono::hours(1));
    stream.reached(test.test, SmokeStage::communicator_called);
    int error = mpi_->is_initialised() ? 0 : mpi_->init();
    if (error == 0) error = mpi_->make_communicator(test.ranks, test.test);
    if (error == 0) error = mpi_->barrier();
    if (error != 0) return failed_at(SmokeStage::communicator_ready, error);
    stream.reached(test.test, SmokeStage::communicator_ready);

    const auto place = std::find(test.ranks.begin(), test.ranks.end(), settings_.rank);
    const int index = static_cast<int>(place - test.ranks.begin());
    const int ranks = static_cast<int>(test.ranks.size());
    const std::size_t elements =
        std::min(static_cast<std::size_t>(test.bytes) / sizeof(std::int64_t), elements_);
    const std::span<std::int64_t> sent(sent_.get(), elements);
    const std::span<std::int64_t> sums(sums_.get(), elements);
    fill_contributions(sent, index, ranks, change());

    // Makes the connections. The time for the whole buffer is estimated from this piece of it.
    const std::size_t piece = std::min(elements, warm_up_elements);
    double slowest = 0;
    for (int i = 0; i < std::max(1, test.warm_up) && error == 0; ++i) {
      error = mpi_->barrier();
      const auto begin = Clock::now();
      if (error == 0) error = mpi_->sum(sent.first(piece), sums.first(piece));
      slowest = seconds_since(begin) * static_cast<double>(elements) /
                static_cast<double>(std::max<std::size_t>(1, piece));
    }
    double of_all = 0;
    if (error == 0) error = mpi_->largest(slowest, of_all);
    if (error != 0) return failed_at(SmokeStage::warm_up, error);
    stream.reached(test.test, SmokeStage::warm_up);

    TestResult result;
    result.test = test.test;
    const int repeats = static_cast<int>(std::clamp(test.budget_seconds / std::max(of_all, 1e-9),
                                                    static_cast<double>(test.least_repeats),
                                                    static_cast<double>(test.most_repeats)));
    // It takes at least two repeats to tell which rank arrives last; the second needs no all-reduce.
    for (int i = 0; i < std::max(repeats, least_arrivals); ++i) {
      std::fill(sums.begin(), sums.end(), unwritten);
      if (settings_.injection == InjectionKind::slow)
        std::this_thread::sleep_for(std::chrono::duration<double>(settings_.slow_seconds));
      const auto arrived = Clock::now();
      error = mpi_->barrier();
      const auto all_there = Clock::now();
      result.barrier_seconds.push_back(std::chrono::duration<double>(all_there - arrived).count());
      if (error == 0 && i < repeats) error = mpi_->sum(sent, sums);
      if (error != 0) return failed_at(SmokeStage::timed, error);
      if (i >= repeats) continue;
      result.transfer_seconds.push_back(seconds_since(all_there));
      // The check of the sums keeps processors busy, which other ranks may still need for their all-reduce.
      error = mpi_->barrier();
      if (error != 0) return failed_at(SmokeStage::timed, error);
      if (WrongElements wrong = find_wrong_sums(sums, ranks); wrong.count > result.sums.count)
        result.sums = std::move(wrong);
    }
    stream.reached(test.test, SmokeStage::timed);
    result.contributions = find_wrong_contributions(sent, index, ranks);
    mpi_->free_communicator();
    stream.reached(test.test, SmokeStage::verified);
    stream.send(result);
    return true;
  }

  ContributionChange change() const {
    if (settings_.injection == InjectionKind::corrupt) return ContributionChange::corrupt;
    if (settings_.injection == InjectionKind::doubled) return ContributionChange::doubled;
    return ContributionChange::none;
  }

  CheckSettings settings_;
  std::optional<MpiLibrary> mpi_;
  std::size_t elements_ = 0;
  std::unique_ptr<std::int64_t[]> sent_;
  std::unique_ptr<std::int64_t[]> sums_;
};

}  // namespace

int run_mpi_check(const std::function<HostGpus()>& probe_gpus) {
  CheckStream stream;
  while (true) {
    const CheckCommand command = stream.wait();
    if (std::holds_alternative<QuitCheck>(command)) return 0;
    if (const auto* settings = std::get_if<CheckSettings>(&command))
      return MpiCheck(*settings).run(stream, probe_gpus);
  }
}

}  // namespace smlaunch
