// SPDX-License-Identifier: Apache-2.0
// Which NCCL the job's own interpreter would load: pure. A launcher that opens "libnccl.so.2" would often
// test another NCCL than the job uses: PyTorch's libtorch_cuda.so finds its own by DT_RPATH, which comes
// before LD_LIBRARY_PATH (ld.so(8)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cuda/elf_facts.hpp"

namespace smlaunch {

inline constexpr const char* nccl_file_name = "libnccl.so.2";

// A Python program for the job's interpreter; it imports neither torch nor anything that takes long. It
// prints where PyTorch's CUDA libraries and the wheel nvidia-nccl lie.
extern const char* const find_nccl_script;

// What that program printed: libraries of PyTorch, and the wheel's libnccl.so.2.
struct PythonLibraries {
  std::vector<std::string> torch;
  std::string wheel;
  bool operator==(const PythonLibraries&) const = default;
};
PythonLibraries parse_python_libraries(std::string_view printed);

// A library of PyTorch and what its file says.
struct TorchLibrary {
  std::string path;
  ElfFacts facts;
};

// Variables by which the loader searches, besides the folders that the library itself names.
struct LoaderVariables {
  std::string preload;       // LD_PRELOAD
  std::string library_path;  // LD_LIBRARY_PATH
};

// Files to open, in the loader's order; the first file that exists counts. `source` says why it is looked for
// there.
struct NcclCandidate {
  std::string path;  // without a slash: the loader's own search decides
  std::string source;
  bool operator==(const NcclCandidate&) const = default;
};
struct NcclCandidates {
  std::vector<NcclCandidate> list;  // never empty: the last is libnccl.so.2 by the loader's search
  std::string warning;              // the job may use another NCCL all the same; empty: no warning
  bool operator==(const NcclCandidates&) const = default;
};
NcclCandidates list_nccl_candidates(const std::vector<TorchLibrary>& torch, const std::string& wheel,
                                    const LoaderVariables& variables);

// 22809 -> "2.28.9"; versions before 2.9 have one digit less (nccl.h: NCCL_VERSION).
std::string nccl_version_text(int version);

}  // namespace smlaunch
