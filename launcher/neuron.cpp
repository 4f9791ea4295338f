// SPDX-License-Identifier: Apache-2.0
#include "launcher/neuron.hpp"

#include <charconv>

#include "launcher/contract/python_value.hpp"
#include "launcher/run/child_process.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;
constexpr int cores_of_trn2 = 64;

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
  if (instance_type.find("trn2.48xlarge") != std::string::npos) return cores_of_trn2;
  if (neuron_ls.empty()) return 0;
  const auto answer = run_captured({neuron_ls, "-j"}, probe_bound_milliseconds);
  return answer && succeeded(answer->status) ? parse_neuron_cores(answer->output) : 0;
}

}  // namespace smlaunch
