// SPDX-License-Identifier: Apache-2.0
#include "topology/efa.hpp"

#include <algorithm>
#include <system_error>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

// libfabric's list: "efa", "tcp,efa"; "^efa" names providers that must not be used.
bool names_efa(const std::string& providers) {
  return providers.front() != '^' && ("," + providers + ",").find(",efa,") != std::string::npos;
}

}  // namespace

std::vector<std::string> probe_efa_devices(const std::filesystem::path& sys) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(sys / "class/infiniband", error)) {
    const std::string vendor = read_small_file((entry.path() / "device/vendor").string());
    if (vendor.starts_with("0x1d0f")) found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string describe_efa_difference(const std::string& instance_type, bool expected,
                                    const std::vector<std::string>& devices, const std::string& provider) {
  static const std::string none_here =
      "this host shows none in /sys/class/infiniband: libfabric will not find the provider efa, and NCCL may "
      "fail or use TCP";
  if (!provider.empty())
    return devices.empty() && names_efa(provider)
               ? "FI_PROVIDER=" + provider + " asks for an EFA adapter, but " + none_here
               : "";
  if (expected == !devices.empty()) return "";
  if (expected) return instance_type + " should have an EFA adapter, but " + none_here;
  return "this host has " + std::to_string(devices.size()) + " EFA adapter" +
         (devices.size() == 1 ? "" : "s") + " (" + devices.front() + (devices.size() > 1 ? ", ..." : "") +
         "), but instance type " + (instance_type.empty() ? "(none)" : instance_type) +
         " is not in the table: FI_PROVIDER and NCCL_PROTO are not set; set FI_PROVIDER=efa if NCCL is to "
         "use them";
}

}  // namespace smlaunch
