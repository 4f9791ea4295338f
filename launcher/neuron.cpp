// SPDX-License-Identifier: Apache-2.0
#include "launcher/neuron.hpp"

#include <fmt/format.h>

#include <charconv>

#include "launcher/contract/neuron_instances.hpp"
#include "launcher/contract/python_value.hpp"
#include "launcher/run/child_process.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;

// Nothing: it is not there, or does not answer.
std::optional<int> ask_neuron_ls(const std::string& neuron_ls) {
  if (neuron_ls.empty()) return {};
  const auto answer = run_captured({neuron_ls, "-j"}, probe_bound_milliseconds);
  if (!answer || !succeeded(answer->status)) return {};
  return parse_neuron_cores(answer->output);
}

}  // namespace

int parse_neuron_cores(const std::string& json) {
  const auto value = parse_python_json(json);
  if (!value || value->list() == nullptr) return 0;
  int sum = 0;
  for (const PyValue& device : *value->list()) {
    const PyValue* count = device.dict() == nullptr ? nullptr : device.find("nc_count");
    const auto* number = count == nullptr ? nullptr : std::get_if<PyInt>(&count->data);
    int cores = 0;
    if (number == nullptr) continue;
    const std::string& digits = number->digits;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), cores).ec == std::errc()) sum += cores;
  }
  return sum;
}

int probe_neuron_cores(const std::string& instance_type, const std::string& neuron_ls) {
  if (const auto told = neuron_cores_of(instance_type)) return *told;
  return ask_neuron_ls(neuron_ls).value_or(0);
}

std::string describe_neuron_difference(const std::string& instance_type, std::optional<int> found) {
  const auto told = neuron_cores_of(instance_type);
  if (!told || !found || *told == *found) return "";
  return fmt::format(
      "{} counts as {} Neuron cores (SM_NUM_NEURONS), but neuron-ls shows {} on this host: give the number "
      "of "
      "ranks with --processes-per-host",
      instance_type, *told, *found);
}

std::string probe_neuron_difference(const std::string& instance_type, const std::string& neuron_ls) {
  if (!neuron_cores_of(instance_type)) return "";
  return describe_neuron_difference(instance_type, ask_neuron_ls(neuron_ls));
}

}  // namespace smlaunch
