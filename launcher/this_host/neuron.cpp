// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/neuron.hpp"

#include <fmt/format.h>

#include <charconv>

#include "launcher/contract/neuron_instances.hpp"
#include "launcher/contract/python_value.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

namespace {

constexpr int neuron_bound_milliseconds = 20000;

// What neuron-ls says; if it does not say it, `problem` tells why. Both are empty where there is no
// neuron-ls.
struct NeuronAnswer {
  std::optional<int> cores;
  std::optional<std::string> problem = {};
};

NeuronAnswer ask_neuron_ls(const std::string& neuron_ls) {
  if (neuron_ls.empty()) return {};
  const auto answer = run_captured({neuron_ls, "-j"}, neuron_bound_milliseconds);
  if (!answer) return {std::nullopt, answer.error().problems.front().what};
  if (!succeeded(answer->status)) return {std::nullopt, to_string(answer->status)};
  const std::optional<int> cores = parse_neuron_cores(answer->standard_output);
  if (!cores) return {std::nullopt, "prints no list of devices with their nc_count"};
  return {cores};
}

}  // namespace

std::optional<int> parse_neuron_cores(const std::string& json) {
  const auto value = parse_python_json(json);
  if (!value || value->list() == nullptr) return std::nullopt;
  int sum = 0;
  for (const PyValue& device : *value->list()) {
    if (device.dict() == nullptr) return std::nullopt;
    const PyValue* count = device.find("nc_count");
    if (count == nullptr) continue;
    const auto* number = std::get_if<PyInt>(&count->data);
    const std::string digits = number == nullptr ? "" : number->digits;
    int cores = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), cores).ec != std::errc() || cores < 0)
      return std::nullopt;
    sum += cores;
  }
  return sum;
}

NeuronCores probe_neuron_cores(const std::string& instance_type, const std::string& neuron_ls) {
  if (const auto told = neuron_cores_of(instance_type)) return {*told, {}};
  const NeuronAnswer answer = ask_neuron_ls(neuron_ls);
  NeuronCores found{answer.cores.value_or(0), {}};
  // On other instances neuron-ls fails because there are no Neuron devices.
  if (answer.problem && has_neuron_devices(instance_type))
    found.warning = Problem{neuron_ls,
                            fmt::format("{}: SM_NUM_NEURONS is 0 on this {}; give the number of ranks with "
                                        "--processes-per-host",
                                        *answer.problem, instance_type),
                            ""};
  return found;
}

std::string describe_neuron_difference(const std::string& instance_type, std::optional<int> found) {
  const auto told = neuron_cores_of(instance_type);
  if (!told || !found || *told == *found) return "";
  return fmt::format(
      "{} counts as {} Neuron cores (SM_NUM_NEURONS), but neuron-ls shows {} on this host: give the number "
      "of ranks with --processes-per-host",
      instance_type, *told, *found);
}

std::string probe_neuron_difference(const std::string& instance_type, const std::string& neuron_ls) {
  const auto told = neuron_cores_of(instance_type);
  if (!told) return "";
  const NeuronAnswer answer = ask_neuron_ls(neuron_ls);
  if (!answer.problem) return describe_neuron_difference(instance_type, answer.cores);
  return fmt::format(
      "{} counts as {} Neuron cores (SM_NUM_NEURONS), which could not be compared with this host's: {} {}",
      instance_type, *told, neuron_ls, *answer.problem);
}

}  // namespace smlaunch
