// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/archive_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string_view>

namespace smlaunch {
namespace {

constexpr int most_links_followed = 40;  // as the kernel's path_resolution(7)

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, "/")); }

std::string describe(ArchiveEntryKind kind) {
  switch (kind) {
    case ArchiveEntryKind::file: return "a file";
    case ArchiveEntryKind::folder: return "a folder";
    case ArchiveEntryKind::symbolic_link: return "a symbolic link";
    case ArchiveEntryKind::hard_link: return "a file";
    case ArchiveEntryKind::other: break;
  }
  return "something else";
}

std::string in_words(std::uint64_t bytes) {
  if (bytes >= 1ULL << 30U && bytes % (1ULL << 30U) == 0) return fmt::format("{} GiB", bytes >> 30U);
  if (bytes >= 1ULL << 20U && bytes % (1ULL << 20U) == 0) return fmt::format("{} MiB", bytes >> 20U);
  return fmt::format("{} bytes", bytes);
}

}  // namespace

std::optional<std::string> parse_archive_name(const std::string& name) {
  if (name.starts_with('/')) return {};
  const std::vector<std::string> parts = split(name);
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) return {};
  return join(parts);
}

std::string confine_archive_name(const std::string& name) {
  std::string with_slashes = name;
  std::replace(with_slashes.begin(), with_slashes.end(), '\\', '/');
  std::vector<std::string> parts = split(with_slashes);
  parts.erase(std::remove(parts.begin(), parts.end(), ".."), parts.end());
  return join(parts);
}

// Follows the target as the kernel would, with the links that are known by now.
bool ArchiveRules::leads_out(const std::string& name, const std::string& target) const {
  std::vector<std::string> at = split(name);
  if (!at.empty()) at.pop_back();
  if (target.starts_with('/')) return true;
  const std::vector<std::string> first = split(target);
  std::deque<std::string> left(first.begin(), first.end());
  int followed = 0;
  while (!left.empty()) {
    const std::string part = std::move(left.front());
    left.pop_front();
    if (part == "..") {
      if (at.empty()) return true;
      at.pop_back();
      continue;
    }
    at.push_back(part);
    const auto link = symbolic_links_.find(join(at));
    if (link == symbolic_links_.end()) continue;
    if (link->second.starts_with('/')) return true;
    if (++followed > most_links_followed) return false;  // the kernel follows it nowhere
    at.pop_back();
    const std::vector<std::string> next = split(link->second);
    left.insert(left.begin(), next.begin(), next.end());
  }
  return false;
}

std::optional<std::string> ArchiveRules::refuse_place(const std::string& name,
                                                      const ArchiveEntry& entry) const {
  for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const auto above = kinds_.find(name.substr(0, slash));
    if (above == kinds_.end() || above->second == ArchiveEntryKind::folder) continue;
    return fmt::format("goes through {}, which is {}", above->first, describe(above->second));
  }
  const auto before = kinds_.find(name);
  if (before == kinds_.end()) return {};
  const auto is_file = [](ArchiveEntryKind kind) {
    return kind == ArchiveEntryKind::file || kind == ArchiveEntryKind::hard_link;
  };
  if (before->second == ArchiveEntryKind::symbolic_link && entry.kind == ArchiveEntryKind::symbolic_link &&
      symbolic_links_.at(name) == entry.target)
    return {};
  const bool may_be_twice = (is_file(before->second) && is_file(entry.kind)) ||
                            (before->second == ArchiveEntryKind::folder && entry.kind == before->second);
  if (may_be_twice) return {};
  return fmt::format("is in it twice, as {} and as {}", describe(before->second), describe(entry.kind));
}

std::optional<std::string> ArchiveRules::refuse_hard_link(const std::string& name,
                                                          const std::string& target) const {
  const std::string file = confine_archive_name(target);
  const auto known = kinds_.find(file);
  const bool is_file = known != kinds_.end() && (known->second == ArchiveEntryKind::file ||
                                                 known->second == ArchiveEntryKind::hard_link);
  if (is_file && file != name) return {};
  return fmt::format("is a hard link to {}, which is no file that came before", target);
}

ArchiveVerdict ArchiveRules::judge(const ArchiveEntry& entry) {
  using enum ArchiveVerdict::Kind;
  if (++count_ > bounds_.entries)
    return {refuse, "", fmt::format("is one more than the {} entries that are unpacked", bounds_.entries)};
  if (entry.name.find('\0') != std::string::npos) return {refuse, "", "has a NUL byte in its name"};
  if (entry.kind == ArchiveEntryKind::other)
    return {leave_out, "", "is a device, a FIFO or a socket: it is left out"};
  const std::string name = confine_archive_name(entry.name);
  if (name.empty()) {
    if (entry.kind == ArchiveEntryKind::folder) return {};
    return {leave_out, "", "has no name in the folder: it is left out"};
  }
  if (entry.kind == ArchiveEntryKind::symbolic_link && leads_out(name, entry.target))
    return {leave_out, "",
            fmt::format("is a symbolic link to {}, out of the folder: it is left out", entry.target)};
  if (entry.kind == ArchiveEntryKind::hard_link && !parse_archive_name(entry.target))
    return {leave_out, "",
            fmt::format("is a hard link to {}, out of the folder: it is left out", entry.target)};
  if (auto why = refuse_place(name, entry)) return {refuse, "", std::move(*why)};
  if (entry.kind == ArchiveEntryKind::hard_link)
    if (auto why = refuse_hard_link(name, entry.target)) return {refuse, "", std::move(*why)};
  bytes_ += std::min(entry.size, bounds_.bytes + 1);
  if (bytes_ > bounds_.bytes) return {refuse, "", *refuse_size(0, bytes_)};
  if (entry.kind == ArchiveEntryKind::symbolic_link) symbolic_links_[name] = entry.target;
  for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
    kinds_.try_emplace(name.substr(0, slash), ArchiveEntryKind::folder);
  kinds_[name] = entry.kind;
  const auto as_given = parse_archive_name(entry.name);
  if (as_given == name) return {unpack, name, ""};
  return {unpack, name,
          fmt::format("{}is unpacked as {}", as_given ? "" : "leads out of the folder: it ", name)};
}

std::optional<std::string> ArchiveRules::take_escape() {
  for (auto link = symbolic_links_.begin(); link != symbolic_links_.end(); ++link) {
    if (!leads_out(link->first, link->second)) continue;
    std::string name = link->first;
    symbolic_links_.erase(link);
    return name;
  }
  return {};
}

std::optional<std::string> ArchiveRules::refuse_size(std::uint64_t packed, std::uint64_t unpacked) const {
  if (unpacked > bounds_.bytes) return fmt::format("unpacks to more than {}", in_words(bounds_.bytes));
  if (unpacked > bounds_.ratio_above && unpacked / bounds_.ratio > packed)
    return fmt::format("unpacks to more than {} times its size", bounds_.ratio);
  return {};
}

}  // namespace smlaunch
