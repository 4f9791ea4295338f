// SPDX-License-Identifier: Apache-2.0
// The toolkit's own command lines, where its answers are at hand: what we leave out and add is a closed list.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "mpi/hostfile.hpp"
#include "mpi/mpirun.hpp"
#include "mpi/shell_words.hpp"
#include "tests/support/source_dir.hpp"

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

// "-mca pml ob1" as one string each, up to the program.
Strings options_of(const Strings& argv) {
  const std::set<std::string> flags = {"--allow-run-as-root", "--display-map", "--tag-output",
                                       "--oversubscribe"};
  Strings options;
  for (std::size_t i = 1; i < argv.size() && argv[i].starts_with("-");) {
    const std::string name = argv[i] == "--mca" ? "-mca" : argv[i];
    const std::size_t values = flags.count(name) > 0 ? 0 : (name == "-mca" ? 2 : 1);
    std::string option = name;
    for (std::size_t value = 1; value <= values && i + value < argv.size(); ++value)
      option += " " + argv[i + value];
    options.push_back(option);
    i += 1 + values;
  }
  return options;
}

Strings without(const Strings& from, const Strings& these) {
  Strings rest;
  for (const std::string& option : from) {
    if (std::count(these.begin(), these.end(), option) == 0) rest.push_back(option);
  }
  return rest;
}

std::string value_behind(const Strings& options, const std::string& name) {
  for (const std::string& option : options) {
    if (option.starts_with(name + " ")) return option.substr(name.size() + 1);
  }
  return {};
}

// What the caller decides, read from the toolkit's line: hosts, counts, interface, exported names before the
// user's.
MpirunRequest request_for(const Strings& toolkit, const std::string& custom) {
  MpirunRequest request;
  const std::vector<HostSlots> hosts = parse_host_option(value_behind(toolkit, "--host"), "--host").value();
  for (const HostSlots& host : hosts) {
    request.hosts.emplace_back(host.name, host.slots.value_or(1));
  }
  request.processes = std::stoi(value_behind(toolkit, "-np"));
  request.tcp_include = value_behind(toolkit, "-mca btl_tcp_if_include");
  const Strings words = split_shell_words(custom).value();
  request.settings = parse_mpi_settings(words, "MPI options", {}, request.version).value();
  const Strings users = options_of([&] {
    Strings argv = {"mpirun"};
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }());
  for (const std::string& option : without(toolkit, users)) {
    if (!option.starts_with("-x ") || option.starts_with("-x LD_PRELOAD=")) continue;
    const std::string text = option.substr(3);
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      request.exported.push_back(text);
    } else {
      request.exported_values.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  request.program = {"smlaunch"};
  return request;
}

struct Difference {
  Strings left_out;
  Strings added;
};

// By the user's options: what of the toolkit's line gives way, and how the user's stand in ours.
Difference made_by(const std::string& custom, const std::string& interface) {
  if (custom == "-x A=1 -x B=2 --mca pml ucx")
    return {{"-x A=1", "-x B=2", "-mca pml ob1"}, {"-x A", "-x B"}};
  if (custom == "-mca btl_tcp_if_exclude lo -x FOO=bar") {
    return {{"-x FOO=bar", "-mca btl_tcp_if_include " + interface}, {"-x FOO"}};
  }
  if (custom == "--NCCL_DEBUG WARN") return {{"-x NCCL_DEBUG=WARN"}, {"-x NCCL_DEBUG"}};
  return {};
}

TEST(MpirunGolden, DiffersFromTheToolkitOnlyWhereMeant) {
  const std::string path = source_dir() / "tests/golden/toolkit/contract.json";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  const nlohmann::json cases = nlohmann::json::parse(file);
  int compared = 0;
  for (const nlohmann::json& c : cases) {
    const nlohmann::json mpirun = c.at("expect").value("mpirun", nlohmann::json());
    if (!mpirun.is_array() || mpirun.at(2).get<std::string>().empty()) continue;
    const std::string name = c.at("name");
    const std::string custom =
        c.at("config").value("/hyperparameters/sagemaker_mpi_custom_mpi_options"_json_pointer, std::string());
    const Strings toolkit = options_of(mpirun.get<Strings>());
    const MpirunRequest request = request_for(toolkit, custom);
    const Result<MpirunCommand> command = mpirun_command(request);
    ASSERT_TRUE(command) << name;
    const Strings ours = options_of(command->argv);

    Difference expected = made_by(custom, request.tcp_include);
    expected.left_out.insert(expected.left_out.end(), {"-mca btl ^openib", "-x LD_PRELOAD=${HOSTNAME_SO}"});
    expected.added.insert(expected.added.end(),
                          {"-mca btl ^openib,ofi", "-mca plm_rsh_args -o BatchMode=yes -o ConnectTimeout=10",
                           "-mca oob_tcp_keepalive_time 5", "-mca oob_tcp_keepalive_intvl 2",
                           "-mca oob_tcp_keepalive_probes 3"});
    if (request.hosts.size() > 1) {
      expected.added.push_back(fmt::format("-mca plm_rsh_num_concurrent {}", request.hosts.size()));
    }
    EXPECT_THAT(without(toolkit, ours), testing::UnorderedElementsAreArray(expected.left_out)) << name;
    EXPECT_THAT(without(ours, toolkit), testing::UnorderedElementsAreArray(expected.added)) << name;

    const auto settings = [](Strings options) {
      std::erase_if(options, [](const std::string& option) { return option.starts_with("-x "); });
      return options;
    };
    EXPECT_EQ(settings(without(toolkit, expected.left_out)), settings(without(ours, expected.added))) << name;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace smlaunch
