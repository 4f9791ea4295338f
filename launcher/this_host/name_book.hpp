// SPDX-License-Identifier: Apache-2.0
// Names to addresses, for all that must know them before a plan is made.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace smlaunch {

// Of an IPv4 or IPv6 address; of another kind "".
std::string numeric_text(const sockaddr* address);

struct HostAddress {
  std::string text;  // numeric
  sockaddr_storage socket = {};
  socklen_t length = 0;
};

// Each name is asked for at most once. All questions together wait no longer than the bound: what is not
// answered then counts as unknown.
class NameBook {
 public:
  using Millis = std::chrono::milliseconds;
  using Addresses = std::vector<HostAddress>;  // none: the name is not known
  // Calls `answered` with each name in order, as long as it says yes and at most for `bound`. A name without
  // an answer by then is left out.
  using Answered = std::function<bool(const std::string& name, Addresses addresses)>;
  using LookUp =
      std::function<void(const std::vector<std::string>& names, Millis bound, const Answered& answered)>;

  explicit NameBook(Millis bound = Millis(900));
  // `now`: of any clock that only goes forward.
  NameBook(Millis bound, LookUp look_up, std::function<Millis()> now);

  // Asks for those of `names` that are not in the book, all at once, until `is_enough` says so of an answer.
  void ask(const std::vector<std::string>& names,
           const std::function<bool(const Addresses&)>& is_enough = nullptr);
  // As the book has it.
  const Addresses& addresses_of(const std::string& name) const;

 private:
  Millis left_;
  LookUp look_up_;
  std::function<Millis()> now_;
  std::map<std::string, Addresses> known_;
};

}  // namespace smlaunch
