// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpi_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/mpi/two_hosts.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* mapping = "OMPI_MCA_rmaps_base_mapping_policy";
constexpr const char* ranking = "OMPI_MCA_rmaps_base_ranking_policy";
constexpr OpenMpiVersion four{4, 1, 4};
const std::string users_file = "/home/me/.openmpi/mca-params.conf";

Result<MpiSettings> try_settings(const std::string& options,
                                 const std::map<std::string, std::string>& variables) {
  return parse_mpi_settings(split_shell_words(options).value(), "option --mpi-options",
                            parameters_of(variables, four), four);
}

MpirunCommand command_with(const std::string& options, std::vector<SetParameter> parameters) {
  MpirunRequest request = two_hosts();
  request.settings =
      parse_mpi_settings(split_shell_words(options).value(), "", std::move(parameters), four).value();
  return mpirun_command(request).value();
}

SetParameter in_file(const std::string& name, const std::string& value) {
  return {name, value, "", users_file, false};
}

SetParameter of_open_mpi(const std::string& name, const std::string& value) {
  return {name, value, "", "/etc/openmpi/openmpi-mca-params.conf", true};
}

TEST(MpiSettings, OfTheEnvironmentReplaceOursAndAreReplacedByThoseGiven) {
  const MpirunCommand command =
      command_with("-mca pml cm", parameters_of({{"OMPI_MCA_oob_tcp_if_exclude", "docker0"},
                                                 {"OMPI_MCA_pml", "ucx"},
                                                 {"OMPI_MCA_btl_base_verbose", "9"}},
                                                four));
  const std::string text = joined(command.argv);
  EXPECT_THAT(text, Not(HasSubstr("oob_tcp_if")));
  EXPECT_THAT(text, HasSubstr("-mca btl_tcp_if_include eth0"));
  EXPECT_THAT(text, HasSubstr("-mca pml cm"));
  EXPECT_THAT(text, Not(HasSubstr("-mca pml ob1")));
  EXPECT_THAT(command.notes,
              ElementsAre("OMPI_MCA_oob_tcp_if_exclude=docker0 of the environment replaces ours: -mca "
                          "oob_tcp_if_include eth0",
                          "OMPI_MCA_pml=ucx of the environment replaces ours: -mca pml ob1"));
}

TEST(MpiSettings, AListOfVariablesInTheEnvironmentBecomesExports) {
  const MpirunCommand command =
      command_with("-x B=2", parameters_of({{"OMPI_MCA_mca_base_env_list", "A;B=1;C=3"}}, four));
  EXPECT_THAT(joined(command.argv), HasSubstr("-x A -x C -x B"));
  EXPECT_THAT(command.user_exported, ElementsAre("A"));
  EXPECT_THAT(command.user_variables, ElementsAre(std::pair<std::string, std::string>("B", "2"),
                                                  std::pair<std::string, std::string>("C", "3")));
  EXPECT_THAT(command.notes, ElementsAre("your -x B counts, not mca_base_env_list's"));
  const auto nameless = try_settings("", {{"OMPI_MCA_mca_base_env_list", "=1"}});
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().problems.front().where, "OMPI_MCA_mca_base_env_list of the environment");
}

TEST(MpiSettings, SayWhereTheyStandWhenTheyAreWrong) {
  const auto wrong = try_settings("-x", {{mapping, "bogus"}, {ranking, "worse"}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error(),
            (Error{Fault::configuration,
                   {{"option --mpi-options", "-x is not followed by a value", "complete it or remove it"},
                    {"OMPI_MCA_rmaps_base_mapping_policy of the environment",
                     "'bogus' is no mapping policy of Open MPI's",
                     "unset it, or say what counts with --map-by in the MPI options"},
                    {"OMPI_MCA_rmaps_base_ranking_policy of the environment",
                     "'worse' is no ranking policy of Open MPI's",
                     "unset it, or say what counts with --rank-by in the MPI options"}}}));
}

TEST(MpiSettings, APolicyOfTheEnvironmentStandsOnTheCommandLineWhereOursWouldWinOverIt) {
  const MpirunCommand command = command_with("", parameters_of({{mapping, "node:NOOVERSUBSCRIBE"}}, four));
  const std::string text = joined(command.argv);
  EXPECT_THAT(text, HasSubstr("-map-by node"));
  EXPECT_THAT(text, HasSubstr("--nooversubscribe"));
  EXPECT_THAT(text, Not(HasSubstr("-map-by slot")));
  const MpirunCommand replaced = command_with("--map-by slot", parameters_of({{mapping, "node"}}, four));
  EXPECT_THAT(joined(replaced.argv), Not(HasSubstr("-map-by node")));
}

TEST(MpiSettings, SayInWhichOrderHostsAreTaken) {
  constexpr HostOrder slot = HostOrder::by_slot, node = HostOrder::by_node;
  const struct {
    std::string options;
    std::map<std::string, std::string> variables;
    HostOrder counting, numbering;
  } cases[] = {
      {"", {}, slot, slot},
      {"", {{mapping, "node"}}, node, node},
      {"", {{mapping, "NODE:PE=2"}}, node, node},
      {"", {{ranking, "node"}}, slot, node},
      {"", {{mapping, "node"}, {ranking, "slot"}}, node, slot},
      {"", {{mapping, ""}, {ranking, ""}}, slot, slot},
      {"", {{mapping, ":OVERSUBSCRIBE"}}, slot, slot},
      {"--map-by slot", {{mapping, "node"}}, slot, slot},
      {"--map-by slot", {{mapping, "--bynode"}}, slot, slot},
      {"-bynode", {{mapping, "--bynode"}}, node, node},
      {"--rank-by node", {{ranking, "bogus"}}, slot, node},
      {"--map-by node", {{ranking, "slot"}}, node, slot},
  };
  for (const auto& c : cases) {
    const auto settings = try_settings(c.options, c.variables);
    ASSERT_TRUE(settings) << c.options << testing::PrintToString(c.variables);
    EXPECT_EQ(settings->counting, c.counting) << c.options << testing::PrintToString(c.variables);
    EXPECT_EQ(settings->numbering, c.numbering) << c.options << testing::PrintToString(c.variables);
  }
  for (const auto& [variable, value] : {std::pair(mapping, "--bynode"), {mapping, "bogus"}, {ranking, "seq"}})
    EXPECT_FALSE(try_settings("-x A", {{variable, value}})) << value;
}

TEST(MpiSettings, WhatAFileOfTheUsersSaysReplacesOurs) {
  const MpirunCommand command =
      command_with("", {in_file("pml", "ucx"), in_file("btl_tcp_if_exclude", "docker0")});
  EXPECT_THAT(joined(command.argv), Not(HasSubstr("-mca pml")));
  EXPECT_THAT(joined(command.argv), Not(HasSubstr("btl_tcp_if_include")));
  EXPECT_THAT(command.notes.front(),
              "pml=ucx of /home/me/.openmpi/mca-params.conf replaces ours: -mca pml ob1");
}

TEST(MpiSettings, OpenMpisOwnFileReplacesOnlyWhatIsRefusedBesideIt) {
  const MpirunCommand command =
      command_with("", {of_open_mpi("pml", "^ucx"), of_open_mpi("oob_tcp_if_exclude", "docker0")});
  EXPECT_THAT(joined(command.argv), HasSubstr("-mca pml ob1"));
  EXPECT_THAT(joined(command.argv), Not(HasSubstr("oob_tcp_if_include")));
  EXPECT_THAT(joined(command.argv), HasSubstr("btl_tcp_if_include"));
}

TEST(MpiSettings, BesideAFilesListOfVariablesOursAreAListToo) {
  const MpirunCommand command = command_with("-x B=2", {in_file("mca_base_env_list", "A;C=3")});
  const std::string text = joined(command.argv);
  EXPECT_THAT(text, Not(HasSubstr(" -x ")));
  EXPECT_THAT(text, HasSubstr("-mca mca_base_env_list NCCL_MIN_NRINGS=4;NCCL_SOCKET_IFNAME=eth0;"
                              "NCCL_DEBUG=INFO;LD_LIBRARY_PATH;PATH;A;C;B"));
  EXPECT_THAT(command.user_variables, ElementsAre(std::pair<std::string, std::string>("B", "2"),
                                                  std::pair<std::string, std::string>("C", "3")));
}

TEST(ParametersOf, AnEnvironmentAreThoseWithAValue) {
  const std::map<std::string, std::string> variables = {{"OMPI_MCA_oob_tcp_include", "eth1"},
                                                        {"OMPI_MCA_pml", ""},
                                                        {"OMPI_COMM_WORLD_RANK", "0"},
                                                        {"PRTE_MCA_prte_if_include", "ib0"}};
  EXPECT_THAT(parameters_of(variables, four),
              ElementsAre(SetParameter{"oob_tcp_if_include", "eth1", "OMPI_MCA_oob_tcp_include", "", false}));
  EXPECT_THAT(parameters_of(variables, OpenMpiVersion{5, 0, 3}).back(),
              (SetParameter{"oob_tcp_if_include", "ib0", "PRTE_MCA_prte_if_include", "", false}));
}

TEST(ChoosesInterface, IsWhatOpenMpisParametersDo) {
  const auto chooses = [](const std::string& options, const std::map<std::string, std::string>& variables) {
    return chooses_interface(try_settings(options, variables).value());
  };
  EXPECT_TRUE(chooses("-mca btl_tcp_if_include ib0", {}));
  EXPECT_TRUE(chooses("--mca oob_tcp_if_exclude lo", {}));
  EXPECT_TRUE(chooses("--mca oob_tcp_include ib0", {}));
  EXPECT_TRUE(chooses("--prtemca prte_if_include ib0", {}));
  EXPECT_TRUE(chooses("", {{"OMPI_MCA_btl_tcp_if_include", "ib0"}}));
  EXPECT_TRUE(chooses("", {{"OMPI_MCA_oob_tcp_if_exclude", "ib0"}}));
  EXPECT_FALSE(chooses("-mca btl ^openib -x NCCL_DEBUG=INFO",
                       {{"OMPI_MCA_btl", "tcp,self"}, {"NCCL_SOCKET_IFNAME", "eth0"}}));
  EXPECT_FALSE(chooses("-x btl_tcp_if_include=1", {})) << "that is a variable's name";
  EXPECT_FALSE(chooses("", {{"OMPI_MCA_oob_tcp_keepalive_time", "5"}, {"OMPI_MCA_btl_tcp_if_include", ""}}));
  EXPECT_FALSE(chooses("", {}));
}

TEST(MpiSettings, MayChooseHowMpirunLogsIn) {
  const auto of = [](const std::string& options, std::vector<SetParameter> parameters) {
    return chooses_login(
        parse_mpi_settings(split_shell_words(options).value(), "", std::move(parameters), four).value());
  };
  for (const char* options : {"-mca plm_rsh_args -C", "--mca prte_ssh_agent ssh", "-mca plm_ssh_args -C",
                              "--xterm 0", "-am mine.conf", "--tune mine.conf"})
    EXPECT_TRUE(of(options, {})) << options;
  EXPECT_TRUE(of("", {in_file("plm_rsh_agent", "rsh")}));
  EXPECT_TRUE(of("", {of_open_mpi("plm_rsh_agent", "rsh")})) << "mpirun would take it where we say none";
  EXPECT_TRUE(of("", {in_file("orte_xterm", "0")}));
  EXPECT_FALSE(of("-mca plm_rsh_num_concurrent 4 -mca pml ob1 -x PATH", {in_file("plm_base_verbose", "1")}));
}

}  // namespace
}  // namespace smlaunch
