// SPDX-License-Identifier: Apache-2.0
// What an answer of NCCL's says of a hang, in short sentences. Pure. The answer is foreign text, and may be of another
// job of the same user's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launcher/inspect/hang_report.hpp"

namespace smlaunch {

// Is it JSON? Otherwise it is text for people.
bool is_ras_json(std::string_view answer);

// The answer that counts among those of several ranks: the first JSON that tells of the job, then the first text that
// names a process of the job, then one that names none at all. Null: there is none.
const std::string* choose_ras_answer(const std::vector<RankLook>& looks);

// "communicator 0x5f of 8 ranks: 7 have launched AllReduce 1204 times, rank 5 (gn02) 1203 times", and what else differs
// or does not answer. Eight at most. NCCL's ranks are told as the job's by the processes that they are.
std::vector<std::string> find_ras_facts(std::string_view answer, const std::vector<RankLook>& looks);

}  // namespace smlaunch
