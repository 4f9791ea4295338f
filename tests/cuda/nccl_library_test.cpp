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

TEST(NcclLibrary, APreloadedLibraryComesFirst) {
  const auto made =
      list_nccl_candidates({}, "", {"/x/libfoo.so /opt/libnccl.so.2.18:/y/libnccl-net.so.old", ""});
  EXPECT_EQ(made.list.front(), (NcclCandidate{"/opt/libnccl.so.2.18", "LD_PRELOAD"}));
}

TEST(NcclLibrary, WithoutTorchThePackageCounts) {
  EXPECT_EQ(list_nccl_candidates({}, "/w/libnccl.so.2", {"", "/opt/lib"}),
            (NcclCandidates{{{"/w/libnccl.so.2", "the interpreter's nvidia-nccl package"},
                             {"libnccl.so.2", "the loader's search"}},
                            ""}));
  EXPECT_EQ(list_nccl_candidates({}, "", {}),
            (NcclCandidates{{{"libnccl.so.2", "the loader's search"}}, ""}));
}

TEST(NcclLibrary, ATorchWithItsNcclInsideIsAWarning) {
  EXPECT_EQ(
      list_nccl_candidates({torch_with({"", {"libc.so.6"}, {}, {}})}, "", {}),
      (NcclCandidates{
          {{"libnccl.so.2", "the loader's search"}},
          torch_path + " asks for no libnccl.so.2: NCCL is a part of it, so the test uses another NCCL"}));
}

TEST(NcclLibrary, VersionsAreWrittenAsTheirMakersDo) {
  EXPECT_EQ(nccl_version_text(22809), "2.28.9");
  EXPECT_EQ(nccl_version_text(21005), "2.10.5");
  EXPECT_EQ(nccl_version_text(2708), "2.7.8");
  EXPECT_EQ(nccl_version_text(0), "unknown");
}

}  // namespace
}  // namespace smlaunch
