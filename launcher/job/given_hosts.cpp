// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/given_hosts.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

// No hostfile is longer: 64 bytes for each of a million hosts.
constexpr std::size_t longest_hostfile = 64U << 20U;

bool is_stdin(const std::string& name) { return name == "-" || name == "/dev/stdin"; }

}  // namespace

Result<GivenHostSlots> read_given_hosts(const Options& options) {
  if (options.hosts && options.hostfile)
    return failure(Fault::usage, "--hosts", "does not go with --hostfile", "give one of them");
  if (options.hosts) {
    auto hosts = parse_host_option(*options.hosts, source_of(options, "hosts", "--hosts"));
    if (!hosts) return tl::unexpected(hosts.error());
    return std::move(*hosts);
  }
  if (!options.hostfile) return std::nullopt;
  const std::string& name = *options.hostfile;
  std::error_code error;
  if (std::filesystem::is_directory(name, error))
    return failure(Fault::configuration, fmt::format("--hostfile {}", name), "is a folder",
                   "name a readable hostfile");
  auto text = is_stdin(name) ? read_given_stdin(longest_hostfile) : read_given_file(name, longest_hostfile);
  if (!text) {
    text.error().problems.front().where = fmt::format("--hostfile {}", name);
    return tl::unexpected(std::move(text.error()));
  }
  auto hosts = parse_hostfile(*text, is_stdin(name) ? "stdin" : name);
  if (!hosts) return tl::unexpected(hosts.error());
  return std::move(*hosts);
}

}  // namespace smlaunch
