// SPDX-License-Identifier: Apache-2.0
#include "topology/network_cards.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/read_file.hpp"

namespace smlaunch {

namespace fs = std::filesystem;

namespace {

// "0000:3b:00.0"
bool is_pci_id(std::string_view name) {
  constexpr std::string_view form = "xxxx:xx:xx.x";
  if (name.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == 'x' ? std::isxdigit(static_cast<unsigned char>(name[i])) == 0 : name[i] != form[i])
      return false;
  return true;
}

// The PCI device that carries it: it may be what a driver makes of it, such as virtio, that has the interface. Empty: none.
fs::path pci_device_of(const fs::path& device) {
  fs::path found;
  fs::path so_far;
  for (const fs::path& part : device) {
    so_far /= part;
    if (is_pci_id(part.native())) found = so_far;
  }
  return found;
}

int number_in(const fs::path& file, int otherwise) {
  const std::string text = read_small_file(file);
  int number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Nic read_card(const fs::path& interface, const fs::path& pci_device) {
  Nic nic;
  nic.name = interface.filename();
  nic.pci = pci_device.filename();
  const std::string state = read_small_file(interface / "operstate");
  nic.link_up = state.empty() || state == "up\n" || state == "unknown\n";
  if (nic.link_up) nic.gigabits = std::max(number_in(interface / "speed", 0), 0) / 1000;
  if (const int node = number_in(pci_device / "numa_node", -1); node >= 0) nic.numa = node;
  return nic;
}

}  // namespace

bool has_fabric(const fs::path& sys) {
  std::error_code error;
  const fs::directory_iterator first(sys / "class/infiniband", error);
  return !error && first != fs::directory_iterator();
}

void add_network_cards(Machine& machine, const fs::path& sys) {
  std::vector<fs::path> interfaces;
  std::error_code error;
  for (fs::directory_iterator each(sys / "class/net", error), end; !error && each != end;
       each.increment(error))
    interfaces.push_back(each->path());
  std::sort(interfaces.begin(), interfaces.end());
  for (const fs::path& interface : interfaces) {
    std::error_code none;
    const fs::path device = fs::canonical(interface / "device", none);
    const fs::path pci_device = none ? fs::path() : pci_device_of(device);
    if (pci_device.empty()) continue;
    Nic nic = read_card(interface, pci_device);
    if (!nic.numa && machine.numa_nodes.size() == 1) nic.numa = machine.numa_nodes.front().os_index;
    // One card of several ports is one.
    const bool is_known = std::any_of(machine.nics.begin(), machine.nics.end(),
                                      [&](const Nic& other) { return other.pci == nic.pci; });
    if (is_known) continue;
    if (!nic.link_up) machine.findings.push_back({.kind = FindingKind::link_down, .subject = nic.name});
    machine.nics.push_back(std::move(nic));
  }
  std::sort(machine.nics.begin(), machine.nics.end(),
            [](const Nic& a, const Nic& b) { return a.pci < b.pci; });
  machine.has_devices = true;
}

}  // namespace smlaunch
