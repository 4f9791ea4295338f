// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/hang_dumps.hpp"

#include <fmt/format.h>

#include "launcher/inspect/ras_status.hpp"
#include "launcher/process/write_file.hpp"

namespace smlaunch {

Result<void> write_hang_dumps(const std::filesystem::path& folder, const std::vector<RankLook>& looks) {
  if (const std::string* answer = choose_ras_answer(looks)) {
    const char* name = is_ras_json(*answer) ? "nccl-ras.json" : "nccl-ras.txt";
    if (auto written = write_file(folder / name, *answer); !written) return written;
  }
  constexpr std::size_t most_ranks = 256;
  std::size_t ranks = 0;
  for (const RankLook& look : looks) {
    if (!look.state) continue;
    std::size_t files = 0;
    for (const ProcessState& process : look.state->processes) {
      if (process.told.empty()) continue;
      if (files == 0 && ranks++ == most_ranks) return {};
      const std::string number = files == 0 ? "" : fmt::format(".{}", files);
      if (auto written = write_file(folder / fmt::format("rank-{}{}.json", look.rank.value, number),
                                    process.told + "\n");
          !written)
        return written;
      ++files;
    }
  }
  return {};
}

}  // namespace smlaunch
