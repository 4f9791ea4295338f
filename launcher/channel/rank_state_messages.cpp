// SPDX-License-Identifier: Apache-2.0
// What an agent tells of the processes of its rank.
#include <algorithm>
#include <utility>

#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/inspect/nccl_ras.hpp"
#include "launcher/inspect/rank_told.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

Json pack_native(const std::vector<NativeStack>& stacks) {
  Json json = Json::array();
  for (const NativeStack& stack : stacks)
    json.push_back({{"threads", stack.threads}, {"frames", stack.frames}});
  return json;
}

void take_native(const Json& stacks, ProcessState& process) {
  for (const Json& each : stacks) {
    NativeStack stack;
    take_number(each.at("threads"), stack.threads, 1);
    each.at("frames").get_to(stack.frames);
    if (stack.frames.size() > most_native_frames) throw NumberRefused();
    process.native_stacks.push_back(std::move(stack));
  }
  if (process.native_stacks.size() > most_native_stacks) throw NumberRefused();
}

Json pack_unanswered(const std::vector<UnansweredPeer>& peers) {
  Json json = Json::array();
  for (const UnansweredPeer& peer : peers)
    json.push_back({{"address", peer.address}, {"milliseconds", peer.milliseconds}});
  return json;
}

std::string take_address(const Json& json) {
  constexpr std::size_t most_letters = 64;
  auto address = json.get<std::string>();
  if (address.size() > most_letters) throw NumberRefused();
  return address;
}

void take_connections(const Json& json, ProcessState& process) {
  for (const Json& each : json.at("addresses")) process.addresses.push_back(take_address(each));
  for (const Json& each : json.at("unanswered")) {
    UnansweredPeer peer{.address = take_address(each.at("address"))};
    take_number(each.at("milliseconds"), peer.milliseconds, 0);
    process.unanswered.push_back(std::move(peer));
  }
  if (process.addresses.size() > most_own_addresses || process.unanswered.size() > most_unanswered_peers)
    throw NumberRefused();
}

}  // namespace

std::string encode(const RankState& m) {
  Json processes = Json::array();
  for (const ProcessState& process : m.processes)
    processes.push_back({{"pid", process.pid},
                         {"name", process.name},
                         {"state", std::string(1, process.state)},
                         {"threads", process.threads},
                         {"wait_channel", process.wait_channel},
                         {"kernel_stack", process.kernel_stack},
                         {"python_stack", process.python_stack},
                         {"native_stacks", pack_native(process.native_stacks)},
                         {"native_source", to_string(process.native_source)},
                         {"rank", process.rank ? Json(*process.rank) : Json(nullptr)},
                         {"has_thread", process.has_thread},
                         {"told", process.told},
                         {"addresses", process.addresses},
                         {"unanswered", pack_unanswered(process.unanswered)}});
  return pack({{"processes", processes},
               {"primary", m.primary},
               {"python_source", m.python_source},
               {"nccl_ras", m.nccl_ras},
               {"is_look", m.is_look},
               {"computes", m.computes},
               {"computes_in", m.computes_in},
               {"more_comes", m.more_comes}});
}

std::optional<RankState> decode_rank_state(std::string_view text) {
  return unpack<RankState>(text, [](const Json& j, RankState& m) {
    for (const Json& each : j.at("processes")) {
      ProcessState process;
      take_number(each.at("pid"), process.pid, 0);
      each.at("name").get_to(process.name);
      const auto state = each.at("state").get<std::string>();
      process.state = state.empty() ? '?' : state.front();
      take_number(each.at("threads"), process.threads, 0);
      each.at("wait_channel").get_to(process.wait_channel);
      each.at("kernel_stack").get_to(process.kernel_stack);
      each.at("python_stack").get_to(process.python_stack);
      take_native(each.at("native_stacks"), process);
      process.native_source = parse_native_source(each.at("native_source").get<std::string>());
      if (!each.at("rank").is_null()) take_number(each.at("rank"), process.rank.emplace(), 0);
      each.at("has_thread").get_to(process.has_thread);
      each.at("told").get_to(process.told);
      if (process.told.size() > most_told) throw NumberRefused();
      take_connections(each, process);
      m.processes.push_back(std::move(process));
    }
    take_number(j.at("primary"), m.primary, 0, std::max(0, static_cast<int>(m.processes.size()) - 1));
    j.at("python_source").get_to(m.python_source);
    j.at("nccl_ras").get_to(m.nccl_ras);
    if (m.nccl_ras.size() > most_ras) throw NumberRefused();
    j.at("is_look").get_to(m.is_look);
    j.at("computes").get_to(m.computes);
    j.at("computes_in").get_to(m.computes_in);
    j.at("more_comes").get_to(m.more_comes);
  });
}

}  // namespace smlaunch
