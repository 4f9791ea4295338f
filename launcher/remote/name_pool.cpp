// SPDX-License-Identifier: Apache-2.0
// Policy: getaddrinfo cannot be cancelled, and may block for many seconds when a name server is silent. So
// its threads are detached and own what they touch: the wait for the hosts can end at its time-out without
// them.
#include "launcher/remote/name_pool.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/signal_free_thread.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t most_threads = 16;

NameAnswer look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  NameAnswer answer;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0) {
    answer.error = error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error);
    return answer;
  }
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (std::find(answer.addresses.begin(), answer.addresses.end(), text) == answer.addresses.end()) {
      answer.addresses.emplace_back(text);
    }
  }
  freeaddrinfo(found);
  return answer;
}

}  // namespace

struct NamePool::Shared {
  struct Asked {
    std::size_t ticket = 0;
    std::string name;
  };
  struct Answered {
    std::size_t ticket = 0;
    NameAnswer answer;
  };

  ~Shared() {
    if (wake >= 0) ::close(wake);
  }

  std::mutex mutex;
  std::deque<Asked> asked;
  std::vector<Answered> answered;
  std::size_t threads = 0;
  bool closed = false;
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
};

NamePool::NamePool(boost::asio::io_context& loop)
    : loop_(loop), shared_(std::make_shared<Shared>()), wake_(loop) {
  // A duplicate: the threads may still use their descriptor when ours is closed.
  wake_.assign(::fcntl(shared_->wake, F_DUPFD_CLOEXEC, 0));
  listen();
}

NamePool::~NamePool() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->asked.clear();
}

void NamePool::resolve(const std::string& name, std::function<void(NameAnswer)> done) {
  boost::system::error_code error;
  boost::asio::ip::make_address(name, error);
  if (!error) {
    return answer_soon(std::move(done), NameAnswer{{name}, {}});
  }
  std::size_t ticket = waiting_.size();
  if (free_tickets_.empty()) {
    waiting_.push_back(std::move(done));
  } else {
    ticket = free_tickets_.back();
    free_tickets_.pop_back();
    waiting_[ticket] = std::move(done);
  }
  const std::lock_guard lock(shared_->mutex);
  shared_->asked.push_back({ticket, name});
  if (shared_->threads < std::min(most_threads, shared_->asked.size())) add_thread();
}

void NamePool::answer_soon(std::function<void(NameAnswer)> done, NameAnswer answer) {
  boost::asio::post(
      loop_, [is_here = std::weak_ptr<bool>(is_here_), done = std::move(done), answer = std::move(answer)] {
        if (!is_here.expired()) done(answer);
      });
}

void NamePool::look_up_names(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (!shared->closed && !shared->asked.empty()) {
    const Shared::Asked asked = std::move(shared->asked.front());
    shared->asked.pop_front();
    lock.unlock();
    NameAnswer answer = look_up(asked.name);
    lock.lock();
    shared->answered.push_back({asked.ticket, std::move(answer)});
    const std::uint64_t one = 1;
    // The write can fail only when the counter is full: then the loop is awake already.
    [[maybe_unused]] const ssize_t written = ::write(shared->wake, &one, sizeof one);
  }
  --shared->threads;
}

// Called with the mutex held.
void NamePool::add_thread() {
  // Signals are for the caller's thread, which may wait for them by other means than handlers.
  try {
    start_signal_free_thread([shared = shared_] { look_up_names(shared); }).detach();
    ++shared_->threads;
  } catch (const std::system_error& error) {
    // As long as there is one thread, the names only take longer.
    if (shared_->threads == 0) {
      const Shared::Asked asked = std::move(shared_->asked.back());
      shared_->asked.pop_back();
      answer_soon(std::exchange(waiting_[asked.ticket], nullptr), NameAnswer{{}, error.what()});
      free_tickets_.push_back(asked.ticket);
    }
  }
}

void NamePool::listen() {
  wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this, is_here = std::weak_ptr<bool>(is_here_)](const boost::system::error_code& error) {
                     if (error || is_here.expired()) return;
                     deliver();
                     listen();
                   });
}

void NamePool::deliver() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(shared_->wake, &count, sizeof count);
  std::vector<Shared::Answered> answered;
  {
    const std::lock_guard lock(shared_->mutex);
    answered.swap(shared_->answered);
  }
  for (Shared::Answered& one : answered) {
    free_tickets_.push_back(one.ticket);
    std::exchange(waiting_[one.ticket], nullptr)(std::move(one.answer));
  }
}

}  // namespace smlaunch
