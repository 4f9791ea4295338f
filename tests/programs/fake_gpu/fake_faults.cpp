// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/programs/fake_gpu/fake_gpu.hpp"

extern "C" __attribute__((visibility("default"))) const int smlaunch_test_double = 1;

namespace fake_gpu {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_meant(std::string_view who) {
  if (who.empty()) return true;
  if (who.starts_with("rank=")) return who.substr(5) == variable("RANK");
  if (!who.starts_with("host=")) return false;
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return who.substr(5) == variable("SM_CURRENT_HOST") || who.substr(5) == name;
}

}  // namespace

std::optional<long> fault(std::string_view wanted) {
  const std::string all = variable("FAKE_NCCL");
  std::string_view rest = all;
  while (!rest.empty()) {
    std::string_view each = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(each.size() + 1, rest.size()));
    const std::string_view what = each.substr(0, each.find(':'));
    const std::string_view who = each.substr(std::min(what.size() + 1, each.size()));
    if (what.substr(0, what.find('=')) != wanted || !is_meant(who)) continue;
    const std::size_t equals = what.find('=');
    return equals == std::string_view::npos ? 0 : std::atol(std::string(what.substr(equals + 1)).c_str());
  }
  return {};
}

}  // namespace fake_gpu
