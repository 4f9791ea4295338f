// SPDX-License-Identifier: Apache-2.0
#include "cuda/nccl_library.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

const std::string site = "/venv/lib/python3.11/site-packages";
const std::string torch_path = site + "/torch/lib/libtorch_cuda.so";

TorchLibrary torch_with(ElfFacts facts) { return {torch_path, std::move(facts)}; }

TEST(NcclLibrary, WhatTheInterpreterPrintedIsFoundBetweenOtherLines) {
  EXPECT_EQ(parse_python_libraries("hello\n\nsmlaunch-torch=/a/libtorch_cuda.so\r\nx smlaunch-torch=/no\n"
                                   "smlaunch-torch=/a/libtorch_cuda_cpp.so\nsmlaunch-wheel=/b/libnccl.so.2\n"
                                   "smlaunch-wheel=/c/libnccl.so.2\n"),
            (PythonLibraries{{"/a/libtorch_cuda.so", "/a/libtorch_cuda_cpp.so"}, "/b/libnccl.so.2"}));
  EXPECT_EQ(parse_python_libraries(""), PythonLibraries{});
}

TEST(NcclLibrary, TorchsRpathComesBeforeLdLibraryPath) {
  const auto made = list_nccl_candidates(
      {torch_with({"", {"libc.so.6", "libnccl.so.2"}, {"$ORIGIN/../../nvidia/nccl/lib", "${ORIGIN}"}, {}})},
      site + "/nvidia/nccl/lib/libnccl.so.2", {"", "/usr/local/lib:/opt/lib"});
  const std::string why = torch_path + " asks for it";
  EXPECT_EQ(made, (NcclCandidates{{{site + "/torch/lib/../../nvidia/nccl/lib/libnccl.so.2", why},
                                   {site + "/torch/lib/libnccl.so.2", why},
                                   {"/usr/local/lib/libnccl.so.2", why},
                                   {"/opt/lib/libnccl.so.2", why},
                                   {"libnccl.so.2", "the loader's search"}},
                                  ""}));
}

TEST(NcclLibrary, TorchsRunpathComesAfterLdLibraryPathAndMakesRpathVoid) {
  const auto made = list_nccl_candidates({torch_with({"", {"libnccl.so.2"}, {"/rpath"}, {"/runpath"}})}, "",
                                         {"", "/opt/lib"});
  ASSERT_EQ(made.list.size(), 3U);
  EXPECT_EQ(made.list[0].path, "/opt/lib/libnccl.so.2");
  EXPECT_EQ(made.list[1].path, "/runpath/libnccl.so.2");
}

TEST(NcclLibrary, APreloadedOneComesFirst) {
  const auto made =
      list_nccl_candidates({}, "", {"/x/libfoo.so /opt/libnccl.so.2.18:/y/libnccl-net.so.old", ""});
  EXPECT_EQ(made.list.front(), (NcclCandidate{"/opt/libnccl.so.2.18", "LD_PRELOAD"}));
}

TEST(NcclLibrary, WithoutTorchThePackageIsIt) {
  EXPECT_EQ(list_nccl_candidates({}, "/w/libnccl.so.2", {"", "/opt/lib"}),
            (NcclCandidates{{{"/w/libnccl.so.2", "the interpreter's nvidia-nccl package"},
                             {"libnccl.so.2", "the loader's search"}},
                            ""}));
  EXPECT_EQ(list_nccl_candidates({}, "", {}),
            (NcclCandidates{{{"libnccl.so.2", "the loader's search"}}, ""}));
}

TEST(NcclLibrary, ATorchThatHasItsNcclInsideIsSaid) {
  EXPECT_EQ(
      list_nccl_candidates({torch_with({"", {"libc.so.6"}, {}, {}})}, "", {}),
      (NcclCandidates{
          {{"libnccl.so.2", "the loader's search"}},
          torch_path + " asks for no libnccl.so.2: its NCCL is part of it, and the one tested is another"}));
}

TEST(NcclLibrary, VersionsAreWrittenAsTheirMakersDo) {
  EXPECT_EQ(nccl_version_text(22809), "2.28.9");
  EXPECT_EQ(nccl_version_text(21005), "2.10.5");
  EXPECT_EQ(nccl_version_text(2708), "2.7.8");
  EXPECT_EQ(nccl_version_text(0), "unknown");
}

std::vector<RankNccl> ranks_with(const std::vector<NcclIdentity>& of_hosts, int local_ranks) {
  std::vector<RankNccl> ranks;
  for (std::size_t host = 0; host < of_hosts.size(); ++host)
    for (int i = 0; i < local_ranks; ++i)
      ranks.push_back({static_cast<int>(ranks.size()), "algo-" + std::to_string(host + 1), of_hosts[host]});
  return ranks;
}

const NcclIdentity usual = {"/a/libnccl.so.2", 22809, "a2c825116a308c48453d420d773412cbe513df0a", ""};
const NcclIdentity older = {"/b/libnccl.so.2", 22005, "9fcf74d93a8c3605bf7718f594d0a24366e38536", ""};

TEST(NcclComparison, EqualBuildsAreEqualWhereverTheyLie) {
  NcclIdentity elsewhere = usual;
  elsewhere.path = "/elsewhere/libnccl.so.2";
  EXPECT_EQ(compare_nccl(ranks_with({usual, elsewhere, usual}, 2)), NcclComparison{});
  EXPECT_EQ(compare_nccl({}), NcclComparison{});
}

TEST(NcclComparison, TheOddHostIsNamedWithWhatItHas) {
  EXPECT_EQ(
      compare_nccl(ranks_with({usual, usual, older, usual}, 2)),
      (NcclComparison{"the ranks do not load the same NCCL: algo-3 has 2.20.5 (/b/libnccl.so.2, build "
                      "9fcf74d93a8c); 6 of 8 ranks, such as algo-1's, have 2.28.9 (/a/libnccl.so.2, build "
                      "a2c825116a30)",
                      {"algo-3"}}));
}

TEST(NcclComparison, TheFirstHostMayBeTheOddOne) {
  EXPECT_EQ(compare_nccl(ranks_with({older, usual, usual}, 1)).odd_hosts, std::vector<std::string>{"algo-1"});
}

TEST(NcclComparison, OfEqualHalvesTheFirstRanksIsTheMeasure) {
  EXPECT_EQ(compare_nccl(ranks_with({usual, older}, 1)).odd_hosts, std::vector<std::string>{"algo-2"});
}

TEST(NcclComparison, TheSameVersionInAnotherBuildIsAnotherLibrary) {
  NcclIdentity rebuilt = usual;
  rebuilt.build_id = "0000";
  EXPECT_EQ(compare_nccl(ranks_with({usual, usual, rebuilt}, 1)).odd_hosts,
            std::vector<std::string>{"algo-3"});
}

TEST(NcclComparison, WithoutBuildIdsThePathDecides) {
  NcclIdentity here = usual;
  here.build_id.clear();
  NcclIdentity there = here;
  there.path = "/b/libnccl.so.2";
  EXPECT_EQ(compare_nccl(ranks_with({here, here, there}, 1)).odd_hosts, std::vector<std::string>{"algo-3"});
  EXPECT_EQ(compare_nccl(ranks_with({here, here, here}, 1)), NcclComparison{});
}

TEST(NcclComparison, OfManyOddHostsFourAreDescribed) {
  std::vector<NcclIdentity> hosts(12, usual);
  for (std::size_t i = 0; i < 5; ++i) hosts[i] = older;
  const auto made = compare_nccl(ranks_with(hosts, 1));
  EXPECT_EQ(made.odd_hosts.size(), 5U);
  EXPECT_NE(made.sentence.find("algo-4 has 2.20.5 (/b/libnccl.so.2, build 9fcf74d93a8c) and 1 more; 7 of 12"),
            std::string::npos)
      << made.sentence;
}

}  // namespace
}  // namespace smlaunch
