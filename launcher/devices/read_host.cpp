// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/read_host.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/read_file.hpp"
#include "launcher/process/oom_kills.hpp"

namespace smlaunch {

namespace fs = std::filesystem;

namespace {

// 0 where it cannot be read.
std::uint64_t read_number(const fs::path& file) {
  const std::string text = read_small_file(file);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    found.push_back(each->path());
  std::sort(found.begin(), found.end());
  return found;
}

LinkReading read_port(const fs::path& adapter, const fs::path& port) {
  const fs::path counters = port / "counters";
  LinkReading link{.name = adapter.filename().string() + ":" + port.filename().string()};
  link.is_up = read_small_file(port / "state").find("ACTIVE") != std::string::npos;  // "4: ACTIVE"
  link.losses = read_number(counters / "link_downed");
  link.recoveries = read_number(counters / "link_error_recovery");
  for (const char* name :
       {"symbol_error", "port_rcv_errors", "local_link_integrity_errors", "excessive_buffer_overrun_errors"})
    link.errors += read_number(counters / name);
  return link;
}

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::vector<LinkReading> read_links(const fs::path& sys, const std::vector<std::string>& interfaces) {
  std::vector<LinkReading> links;
  for (const std::string& name : interfaces) {
    const fs::path folder = sys / "class/net" / name;
    std::error_code error;
    if (name == "lo" || !fs::exists(folder, error)) continue;
    // An interface that is switched off gives no answer to this.
    links.push_back({.name = name,
                     .is_up = read_number(folder / "carrier") == 1,
                     .losses = read_number(folder / "carrier_changes")});
  }
  for (const fs::path& adapter : entries_of(sys / "class/infiniband"))
    for (const fs::path& port : entries_of(adapter / "ports")) links.push_back(read_port(adapter, port));
  return links;
}

std::vector<DiskReading> read_disks(const std::vector<std::string>& folders) {
  std::vector<DiskReading> disks;
  for (const std::string& folder : folders) {
    struct statvfs facts {};
    if (statvfs(folder.c_str(), &facts) != 0 || facts.f_blocks == 0) continue;
    const auto is_known = [&](const DiskReading& disk) { return disk.file_system == facts.f_fsid; };
    if (std::any_of(disks.begin(), disks.end(), is_known)) continue;
    disks.push_back({.folder = folder,
                     .file_system = facts.f_fsid,
                     .free_bytes = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize,
                     .bytes = static_cast<std::uint64_t>(facts.f_blocks) * facts.f_frsize,
                     .free_files = facts.f_favail,
                     .files = facts.f_files});
  }
  return disks;
}

std::optional<long> read_host_oom_kills(const fs::path& proc) {
  return parse_oom_kills(read_small_file(proc / "vmstat"));
}

std::optional<std::int64_t> read_clock_offset() {
  constexpr std::int64_t most_between = 100'000'000;
  const std::int64_t before = now_ns(CLOCK_BOOTTIME);
  const std::int64_t calendar = now_ns(CLOCK_REALTIME);
  const std::int64_t after = now_ns(CLOCK_BOOTTIME);
  if (after - before > most_between) return {};
  return calendar - before;
}

}  // namespace smlaunch
