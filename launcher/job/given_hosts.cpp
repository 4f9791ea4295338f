// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/given_hosts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

namespace smlaunch {

namespace {

// No hostfile is longer: 64 bytes for each of a million hosts.
constexpr std::size_t longest_hostfile = 64U << 20U;

bool is_stdin(const std::string& name) { return name == "-" || name == "/dev/stdin"; }

// Stdin is read by its number: where it is a socket, /dev/stdin cannot be opened.
std::optional<std::string> read_hostfile(const std::string& name) {
  const int file = is_stdin(name) ? STDIN_FILENO : open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string text;
  std::array<char, 4096> block{};
  ssize_t got = 0;
  do {
    got = read(file, block.data(), block.size());
    if (got > 0) text.append(block.data(), static_cast<std::size_t>(got));
  } while ((got > 0 && text.size() <= longest_hostfile) || (got < 0 && errno == EINTR));
  if (file != STDIN_FILENO) close(file);
  return got == 0 ? std::optional(std::move(text)) : std::nullopt;
}

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
  const auto text = read_hostfile(name);
  if (!text)
    return failure(Fault::configuration, fmt::format("--hostfile {}", name), "cannot be read",
                   "name a readable hostfile");
  auto hosts = parse_hostfile(*text, is_stdin(name) ? "stdin" : name);
  if (!hosts) return tl::unexpected(hosts.error());
  return std::move(*hosts);
}

}  // namespace smlaunch
