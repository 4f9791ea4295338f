// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/name_book.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace smlaunch {

std::string numeric_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  return text;
}

namespace {

using Millis = NameBook::Millis;
using Clock = std::chrono::steady_clock;

// Each address once: getaddrinfo names it for every kind of socket.
NameBook::Addresses addresses_in(const addrinfo* found) {
  NameBook::Addresses all;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    HostAddress address{.text = numeric_text(each->ai_addr)};
    if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.text == address.text; }))
      continue;
    address.length = std::min<socklen_t>(each->ai_addrlen, sizeof address.socket);
    std::memcpy(&address.socket, each->ai_addr, address.length);
    all.push_back(std::move(address));
  }
  return all;
}

// The resolver's threads read the names and write the answers until each request is done.
struct Requests {
  std::vector<std::string> names;
  std::vector<gaicb> requests;
};

void wait_for(gaicb& request, Clock::time_point deadline) {
  while (gai_error(&request) == EAI_INPROGRESS) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now());
    if (left.count() <= 0) return;
    const timespec bound{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const gaicb* one = &request;
    gai_suspend(&one, 1, &bound);
  }
}

void look_up_names(const std::vector<std::string>& names, Millis bound, const NameBook::Answered& answered) {
  auto all = std::make_unique<Requests>();
  all->names = names;
  all->requests.resize(names.size());
  std::vector<gaicb*> list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    all->requests[i].ar_name = all->names[i].c_str();
    list.push_back(&all->requests[i]);
  }
  const auto deadline = Clock::now() + bound;
  if (getaddrinfo_a(GAI_NOWAIT, list.data(), static_cast<int>(list.size()), nullptr) != 0) return;
  bool goes_on = true;
  bool are_done = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    gaicb& request = all->requests[i];
    if (goes_on) wait_for(request, deadline);
    if (gai_cancel(&request) == EAI_NOTCANCELED) are_done = false;
    const int error = gai_error(&request);
    if (error == EAI_INPROGRESS || error == EAI_CANCELED) continue;
    if (goes_on)
      goes_on = answered(names[i], error == 0 ? addresses_in(request.ar_result) : NameBook::Addresses());
    if (error == 0) freeaddrinfo(request.ar_result);
  }
  // A request under way cannot be taken back: its memory must stay.
  if (!are_done) (void)all.release();
}

}  // namespace

NameBook::NameBook(Millis bound)
    : NameBook(bound, look_up_names,
               [] { return std::chrono::duration_cast<Millis>(Clock::now().time_since_epoch()); }) {}

NameBook::NameBook(Millis bound, LookUp look_up, std::function<Millis()> now)
    : left_(bound), look_up_(std::move(look_up)), now_(std::move(now)) {}

void NameBook::ask(const std::vector<std::string>& names,
                   const std::function<bool(const Addresses&)>& is_enough) {
  std::vector<std::string> unknown;
  for (const std::string& name : names)
    if (!known_.contains(name)) unknown.push_back(name);
  if (unknown.empty() || left_ <= Millis(0)) return;
  const Millis begin = now_();
  look_up_(unknown, left_, [&](const std::string& name, Addresses addresses) {
    const bool goes_on = !is_enough || !is_enough(addresses);
    known_[name] = std::move(addresses);
    return goes_on;
  });
  left_ -= now_() - begin;
}

const NameBook::Addresses& NameBook::addresses_of(const std::string& name) const {
  static const Addresses none;
  const auto found = known_.find(name);
  return found == known_.end() ? none : found->second;
}

}  // namespace smlaunch
