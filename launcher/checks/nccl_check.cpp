// SPDX-License-Identifier: Apache-2.0
// A repeat is a barrier (an all-reduce of one element) and then the all-reduce, with the GPU's own time
// stamps around each. The stream is held until all work is on it: a non-blocking NCCL starts a thread for
// every call (group.cc), and that time would count as transfer. The rank that comes last waits the shortest
// in the barrier. So it is known which rank is late without comparing clocks, and all ranks start the
// all-reduce together.
#include "launcher/checks/nccl_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace smlaunch {
namespace {

// Never a right sum: its digits are not all 1.
constexpr unsigned char poison = 0x5a;
// The host looks at so many elements of a wrong buffer one by one, from the first wrong element on.
constexpr std::size_t most_window = (1UL << 30U) / sizeof(std::int64_t);

Result<void> reserve(const GpuDevice& device, std::size_t elements, NcclBuffer& buffer) {
  if (buffer.elements >= elements) return {};
  buffer.elements = 0;
  const auto at = device.allocate(elements, std::exchange(buffer.at, 0));
  if (!at) return tl::unexpected(at.error());
  buffer = {*at, elements};
  return {};
}

class NcclRun {
 public:
  NcclRun(const NcclApi& nccl, const GpuDevice& device, NcclBuffers& buffers, const NcclTest& test,
          const NcclWatch& watch)
      : device_(device),
        buffers_(buffers),
        test_(test),
        watch_(watch),
        ranks_(static_cast<int>(test.order.ranks.size())),
        slots_(static_cast<std::size_t>(contribution_slots(ranks_))),
        elements_(static_cast<std::size_t>(test.order.bytes) / sizeof(std::int64_t)),
        communicator_(nccl, device, watch.why_stop) {}

  tl::expected<TestResult, NcclFailure> run() {
    result_.test = test_.order.test;
    if (auto done = all_steps(); !done) {
      NcclFailure failure;
      failure.must_end = !communicator_.abort();
      const Problem& problem = done.error().problems.front();
      failure.failed = {test_.order.test, next_, fmt::format("{}: {}", problem.where, problem.what),
                        communicator_.blames_peer()};
      return tl::unexpected(failure);
    }
    return result_;
  }

 private:
  using Step = Result<void> (NcclRun::*)();

  Result<void> all_steps() {
    const std::pair<SmokeStage, Step> steps[] = {{SmokeStage::device_ready, &NcclRun::allocate},
                                                 {SmokeStage::communicator_ready, &NcclRun::connect},
                                                 {SmokeStage::warm_up, &NcclRun::warm_up},
                                                 {SmokeStage::timed, &NcclRun::measure},
                                                 {SmokeStage::verified, &NcclRun::verify_what_was_sent}};
    for (const auto& [stage, step] : steps) {
      next_ = stage;
      if (auto done = (this->*step)(); !done) return done;
      if (stage != SmokeStage::device_ready) watch_.reached(stage);
    }
    return communicator_.close();
  }

  Result<void> allocate() {
    const std::size_t ranks = test_.order.ranks.size();
    for (NcclBuffer* each : {&buffers_.own_values, &buffers_.sum_values, &buffers_.change_values})
      if (auto r = reserve(device_, slots_, *each); !r) return r;
    if (auto r = reserve(device_, ranks, buffers_.gpus); !r) return r;
    if (auto r = reserve_nccl_buffers(device_, elements_, buffers_); !r) return r;
    return fill();
  }

  // Copies one period of values to the GPU; `value` gives the value of an element.
  template <class Value>
  Result<void> put_values(CuPointer to, Value value) {
    std::vector<std::int64_t> values(slots_);
    for (std::size_t i = 0; i < slots_; ++i) values[i] = value(i);
    return device_.copy_in(to, values);
  }

  Result<void> fill() {
    const auto own = [&](std::size_t i) { return contribution(i, test_.index, ranks_); };
    const bool is_doubled = test_.change == ContributionChange::doubled;
    const auto changed = [&](std::size_t i) { return is_doubled ? 2 * own(i) : own(i) ^ corrupted_bits; };
    if (auto r = put_values(buffers_.own_values.at, own); !r) return r;
    if (auto r = put_values(buffers_.sum_values.at, [&](std::size_t i) { return expected_sum(i, ranks_); });
        !r)
      return r;
    if (auto r = device_.fill(buffers_.sent.at, 0, elements_, buffers_.own_values.at, slots_); !r) return r;
    if (test_.change == ContributionChange::none) return {};
    std::size_t begin = 0;
    std::size_t end = elements_;
    if (!is_doubled) {
      while (begin < elements_ && !is_corrupted_element(begin, elements_)) ++begin;
      end = begin;
      while (end < elements_ && is_corrupted_element(end, elements_)) ++end;
    }
    if (auto r = put_values(buffers_.change_values.at, changed); !r) return r;
    return device_.fill(buffers_.sent.at, begin, end, buffers_.change_values.at, slots_);
  }

  Result<void> connect() {
    watch_.reached(SmokeStage::communicator_called);
    if (auto made = communicator_.init(ranks_, test_.index, test_.id); !made) return made;
    return compare_gpus();
  }

  // Learns which GPU every rank has, by an all-reduce in which each rank fills its own place.
  Result<void> compare_gpus() {
    const CuPointer all = buffers_.gpus.at;
    std::vector<std::int64_t> own(test_.order.ranks.size(), 0);
    own[static_cast<std::size_t>(test_.index)] =
        static_cast<std::int64_t>(std::hash<std::string>()(device_.facts().uuid));
    if (auto r = device_.copy_in(all, own); !r) return r;
    if (auto r = communicator_.all_reduce(all, all, own.size(), nccl_sum); !r) return r;
    if (auto r = communicator_.wait(); !r) return r;
    auto every = device_.copy_out(all, 0, own.size());
    if (!every) return tl::unexpected(every.error());
    result_.shares_gpu =
        std::count(every->begin(), every->end(), own[static_cast<std::size_t>(test_.index)]) > 1;
    return {};
  }

  // In a repeat that is not held, NCCL can make connections that it has not needed before.
  Result<double> repeat(bool held) {
    if (auto done = reduce_once(held); !done) return tl::unexpected(done.error());
    const auto barrier = device_.seconds_between(buffers_.begin, buffers_.together);
    const auto transfer = device_.seconds_between(buffers_.together, buffers_.end);
    if (!barrier) return barrier;
    if (!transfer) return transfer;
    last_barrier_seconds_ = *barrier;
    return transfer;
  }

  Result<void> reduce_once(bool held) {
    if (auto r = device_.set_bytes(buffers_.received.at, elements_, poison); !r) return r;
    if (auto r = communicator_.wait(); !r) return r;
    if (auto r = be_late(); !r) return r;
    if (held)
      if (auto r = device_.hold(); !r) return r;
    auto queued = put_on_stream();
    device_.let_go();
    if (!queued) return queued;
    if (auto r = communicator_.wait(); !r) return r;
    return verify(buffers_.received.at, buffers_.sum_values.at, result_.sums,
                  [&](std::span<const std::int64_t> window) { return find_wrong_sums(window, ranks_); });
  }

  Result<void> put_on_stream() {
    if (auto r = device_.record(buffers_.begin); !r) return r;
    if (auto r = communicator_.all_reduce(scalar(0), scalar(1), 1, nccl_sum); !r) return r;
    if (auto r = device_.record(buffers_.together); !r) return r;
    if (auto r = communicator_.all_reduce(buffers_.sent.at, buffers_.received.at, elements_, nccl_sum); !r)
      return r;
    return device_.record(buffers_.end);
  }

  Result<void> be_late() const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(test_.late_seconds);
    while (std::chrono::steady_clock::now() < until) {
      if (const auto why = watch_.why_stop()) return failure(Fault::start, "NCCL", *why);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
  }

  Result<void> warm_up() {
    for (int i = 0; i < std::max(1, test_.order.warm_up) + 1; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      if (const auto took = repeat(i > 0); !took) return tl::unexpected(took.error());
      warm_up_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    return {};
  }

  // All ranks must make the same number of repeats: it follows from the time of the slowest rank.
  Result<int> agree_on_repeats() {
    const std::int64_t own = std::max<std::int64_t>(1, std::llround(warm_up_seconds_ * 1e9));
    if (auto r = device_.copy_in(scalar(0), std::span(&own, 1)); !r) return tl::unexpected(r.error());
    if (auto r = communicator_.all_reduce(scalar(0), scalar(1), 1, nccl_max); !r)
      return tl::unexpected(r.error());
    if (auto r = communicator_.wait(); !r) return tl::unexpected(r.error());
    const auto slowest = device_.copy_out(buffers_.scalars.at, 1, 1);
    if (!slowest) return tl::unexpected(slowest.error());
    const double fit =
        test_.order.budget_seconds * 1e9 / static_cast<double>(std::max<long>(1, (*slowest)[0]));
    return static_cast<int>(std::clamp(fit, static_cast<double>(test_.order.least_repeats),
                                       static_cast<double>(test_.order.most_repeats)));
  }

  Result<void> measure() {
    const auto repeats = agree_on_repeats();
    if (!repeats) return tl::unexpected(repeats.error());
    for (int i = 0; i < *repeats; ++i) {
      const auto took = repeat(true);
      if (!took) return tl::unexpected(took.error());
      result_.barrier_seconds.push_back(last_barrier_seconds_);
      result_.transfer_seconds.push_back(*took);
    }
    return {};
  }

  // The GPU looks at every element; the wrong ones are named here. `worst` keeps the worst result.
  template <class Find>
  Result<void> verify(CuPointer buffer, CuPointer values, WrongElements& worst, Find find) {
    if (auto r = device_.verify(buffer, elements_, values, slots_, buffers_.found.at); !r) return r;
    if (auto r = communicator_.wait(); !r) return r;
    const auto wrong = device_.take_wrong_span(buffers_.found.at);
    if (!wrong) return tl::unexpected(wrong.error());
    if (wrong->count <= worst.count) return {};
    const std::size_t begin = wrong->first / slots_ * slots_;
    const auto window =
        device_.copy_out(buffer, begin, std::min<std::size_t>(wrong->last + 1 - begin, most_window));
    if (!window) return tl::unexpected(window.error());
    worst = find(std::span<const std::int64_t>(*window));
    worst.count = wrong->count;
    for (WrongRange& range : worst.ranges) {
      range.first += begin;
      range.last += begin;
    }
    return {};
  }

  Result<void> verify_what_was_sent() {
    return verify(buffers_.sent.at, buffers_.own_values.at, result_.contributions,
                  [&](std::span<const std::int64_t> window) {
                    return find_wrong_contributions(window, test_.index, ranks_);
                  });
  }

  [[nodiscard]] CuPointer scalar(std::size_t i) const {
    return buffers_.scalars.at + i * sizeof(std::int64_t);
  }

  const GpuDevice& device_;
  NcclBuffers& buffers_;
  const NcclTest& test_;
  const NcclWatch& watch_;
  int ranks_;
  std::size_t slots_;
  std::size_t elements_;
  NcclCommunicator communicator_;
  SmokeStage next_ = SmokeStage::device_ready;
  double warm_up_seconds_ = 0;
  double last_barrier_seconds_ = 0;
  TestResult result_;
};

}  // namespace

Result<void> reserve_nccl_buffers(const GpuDevice& device, std::size_t elements, NcclBuffers& buffers) {
  if (auto r = reserve(device, 3, buffers.found); !r) return r;
  if (auto r = reserve(device, 2, buffers.scalars); !r) return r;
  for (CuEvent* event : {&buffers.begin, &buffers.together, &buffers.end}) {
    if (*event != nullptr) continue;
    const auto made = device.make_event();
    if (!made) return tl::unexpected(made.error());
    *event = *made;
  }
  if (auto r = reserve(device, elements, buffers.sent); !r) return r;
  return reserve(device, elements, buffers.received);
}

tl::expected<TestResult, NcclFailure> run_nccl_test(const NcclApi& nccl, const GpuDevice& device,
                                                    NcclBuffers& buffers, const NcclTest& test,
                                                    const NcclWatch& watch) {
  return NcclRun(nccl, device, buffers, test, watch).run();
}

}  // namespace smlaunch
