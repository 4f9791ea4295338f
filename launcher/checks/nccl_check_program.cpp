// SPDX-License-Identifier: Apache-2.0
// One process for one rank, from the first test to the last: making a CUDA context takes longer than a test.
// Its one thread looks for commands while it waits for other ranks.
#include "launcher/checks/nccl_check_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "cuda/nccl_library.hpp"
#include "launcher/checks/nccl_check.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/smoke/check_stream.hpp"
#include "launcher/this_host/probe_host_gpus.hpp"

namespace smlaunch {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The interpreter starts, and looks for two packages.
constexpr int find_bound_milliseconds = 20000;
constexpr const char* host_id_variable = "NCCL_HOSTID";
constexpr const char* injected_path = "/injected/missing-library/libnccl.so.2";

std::string own_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string one_sentence(const Error& error) {
  const Problem& problem = error.problems.front();
  std::string text = fmt::format("{}: {}", problem.where, problem.what);
  if (!problem.remedy.empty()) text += fmt::format(" ({})", problem.remedy);
  return text;
}

std::string render_id(const NcclUniqueId& id) {
  std::string text;
  for (const char byte : id.bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::optional<NcclUniqueId> parse_id(const std::string& text) {
  NcclUniqueId id;
  if (text.size() != 2 * id.bytes.size()) return {};
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    unsigned char byte = 0;
    const char* from = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(from, from + 2, byte, 16);
    if (error != std::errc() || end != from + 2) return {};
    id.bytes[i] = static_cast<char>(byte);
  }
  return id;
}

// The NCCL of the job's interpreter: the first file in the loader's order that exists.
FoundLibrary find_library(const std::string& python) {
  const auto asked = run_captured({python, "-c", find_nccl_script}, find_bound_milliseconds);
  if (!asked) return {"", one_sentence(asked.error())};
  const PythonLibraries libraries = parse_python_libraries(asked->output);
  std::vector<TorchLibrary> torch;
  for (const std::string& path : libraries.torch)
    if (auto facts = read_elf_file(path)) torch.push_back({path, std::move(*facts)});
  const NcclCandidates candidates = list_nccl_candidates(
      torch, libraries.wheel, {own_variable("LD_PRELOAD"), own_variable("LD_LIBRARY_PATH")});
  for (const NcclCandidate& each : candidates.list)
    if (each.path.find('/') != std::string::npos && access(each.path.c_str(), R_OK) == 0)
      return {each.path, each.source};
  return {"", candidates.warning.empty()
                  ? fmt::format("{} has no NCCL of its own: the loader's NCCL is used", python)
                  : candidates.warning};
}

class Program {
 public:
  int run() {
    stream_.reached(0, SmokeStage::spawned);
    const CheckCommand first = stream_.wait();
    const auto* settings = std::get_if<CheckSettings>(&first);
    if (settings == nullptr) return 0;
    settings_ = *settings;
    if (settings_.tells_host) stream_.send(probe_host_gpus());
    if (open_library() && open_device()) serve();
    // No code of NCCL or the driver may run any more: a thread may be stuck in one of them.
    _exit(0);
  }

 private:
  bool fail(SmokeStage stage, const std::string& text) {
    stream_.send(CheckFailed{0, stage, text, false});
    while (!std::holds_alternative<QuitCheck>(stream_.wait())) {
    }
    return false;
  }

  // The path to open; nothing: the program must end.
  std::optional<std::string> choose_library() {
    if (settings_.finds_library) stream_.send(find_library(settings_.python));
    if (settings_.library != library_of_python)
      return settings_.library == library_of_loader ? "" : settings_.library;
    while (true) {
      const CheckCommand command = stream_.wait();
      if (const auto* use = std::get_if<UseLibrary>(&command)) return use->path;
      if (std::holds_alternative<QuitCheck>(command)) return {};
    }
  }

  bool open_library() {
    const auto chosen = choose_library();
    if (!chosen) return false;
    std::string path = chosen->empty() ? nccl_file_name : *chosen;
    if (settings_.injection == InjectionKind::missing_library) path = injected_path;
    driver_ = load_cuda_driver();
    find_device();
    auto loaded = load_nccl(path);
    if (!loaded) return fail(SmokeStage::library_loaded, one_sentence(loaded.error()));
    nccl_ = std::move(*loaded);
    stream_.send(LibraryFacts{
        nccl_->path,
        nccl_version_text(nccl_->version) + (nccl_->is_test_double ? " (a test's imitation of NCCL)" : ""),
        nccl_->build_id, nccl_->is_test_double || driver_is_imitation()});
    stream_.reached(0, SmokeStage::library_loaded);
    return true;
  }

  bool driver_is_imitation() const { return driver_ && driver_->is_test_double; }

  // With more ranks than GPUs, ranks share GPUs. Each rank then calls itself a host, since NCCL refuses two
  // ranks of one host on one GPU. (NCCL reads the variable once, when it is used first.)
  void find_device() {
    int count = 0;
    if (!driver_ || driver_->device_count(&count) != cu_success || count == 0) return;
    if (settings_.device < count) return;
    settings_.device %= count;
    setenv(host_id_variable, fmt::format("smlaunch-rank-{}", settings_.rank).c_str(), 0);
  }

  bool open_device() {
    if (!driver_) return fail(SmokeStage::device_ready, one_sentence(driver_.error()));
    auto device = GpuDevice::open(*driver_, settings_.device);
    if (!device) return fail(SmokeStage::device_ready, one_sentence(device.error()));
    device_.emplace(std::move(*device));
    const std::size_t elements = static_cast<std::size_t>(settings_.bytes) / sizeof(std::int64_t);
    if (auto room = reserve_nccl_buffers(*device_, elements, buffers_); !room)
      return fail(SmokeStage::device_ready, one_sentence(room.error()));
    stream_.reached(0, SmokeStage::device_ready);
    return true;
  }

  void serve() {
    while (!quits_) {
      const CheckCommand command = next_test_ ? CheckCommand(*std::exchange(next_test_, {})) : stream_.wait();
      if (const auto* order = std::get_if<RunTest>(&command)) run_test(*order);
      if (std::holds_alternative<QuitCheck>(command)) return;
    }
  }

  // Waits at most `wait` for a command. Nothing: the test goes on.
  std::optional<std::string> why_stop(const RunTest& order, steady_clock::time_point until,
                                      milliseconds wait) {
    if (const auto command = stream_.next(wait)) {
      const auto* abort = std::get_if<AbortTest>(&*command);
      const auto* other = std::get_if<RunTest>(&*command);
      const auto* id = std::get_if<TakeId>(&*command);
      if (id != nullptr && id->test == order.test) taken_id_ = id->id;
      if (other != nullptr) next_test_ = *other;
      if (std::holds_alternative<QuitCheck>(*command)) quits_ = true;
      if (quits_ || other != nullptr || (abort != nullptr && abort->test == order.test))
        return "given up, as it was told";
    }
    if (steady_clock::now() < until) return {};
    return fmt::format("not done within {:g} s", order.deadline_seconds);
  }

  void run_test(const RunTest& order) {
    const auto until = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                                 std::chrono::duration<double>(order.deadline_seconds));
    NcclWatch watch;
    watch.reached = [&](SmokeStage stage) { stream_.reached(order.test, stage); };
    watch.why_stop = [&] { return why_stop(order, until, milliseconds(0)); };
    const WhyStop wait_a_little = [&] { return why_stop(order, until, milliseconds(50)); };
    taken_id_.reset();
    const auto refuse = [&](SmokeStage stage, const std::string& text) {
      stream_.send(CheckFailed{order.test, stage, text, false});
    };
    const auto place = std::find(order.ranks.begin(), order.ranks.end(), settings_.rank);
    if (place == order.ranks.end())
      return refuse(SmokeStage::id_received, "this rank is not among those of the test");
    NcclTest test;
    test.order = order;
    test.index = static_cast<int>(place - order.ranks.begin());
    if (settings_.injection == InjectionKind::corrupt) test.change = ContributionChange::corrupt;
    if (settings_.injection == InjectionKind::doubled) test.change = ContributionChange::doubled;
    if (settings_.injection == InjectionKind::slow) test.late_seconds = settings_.slow_seconds;
    if (test.index == 0) {
      NcclUniqueId id;
      if (const NcclResult made = nccl_->get_unique_id(&id); made != nccl_success)
        return refuse(SmokeStage::id_received,
                      fmt::format("ncclGetUniqueId: {}", nccl_->describe(made, nullptr)));
      taken_id_ = render_id(id);
      stream_.send(UniqueId{order.test, *taken_id_});
    }
    if (const auto why = take_id(test, wait_a_little)) return refuse(SmokeStage::id_received, *why);
    stream_.reached(order.test, SmokeStage::id_received);
    if (settings_.injection == InjectionKind::hang)
      return refuse(SmokeStage::communicator_called, wait_until_stopped(wait_a_little));
    const auto result = run_nccl_test(*nccl_, *device_, buffers_, test, watch);
    if (result) return stream_.send(*result);
    stream_.send(result.error().failed);
    if (result.error().must_end) _exit(1);
  }

  // Waits for NCCL's unique id. Nothing: the id is there; otherwise why not.
  std::optional<std::string> take_id(NcclTest& test, const WhyStop& why_stop) {
    while (!taken_id_)
      if (auto why = why_stop()) return why;
    const auto id = parse_id(*taken_id_);
    if (!id) return "NCCL's unique id is damaged";
    test.id = *id;
    return {};
  }

  static std::string wait_until_stopped(const WhyStop& why_stop) {
    while (true)
      if (const auto why = why_stop()) return *why;
  }

  CheckStream stream_;
  CheckSettings settings_;
  Result<CudaDriver> driver_;
  std::optional<NcclApi> nccl_;
  std::optional<GpuDevice> device_;
  NcclBuffers buffers_;
  std::optional<std::string> taken_id_;  // hexadecimal; of the test that runs
  std::optional<RunTest> next_test_;     // came while another test ran
  bool quits_ = false;
};

}  // namespace

int run_nccl_check() { return Program().run(); }

}  // namespace smlaunch
