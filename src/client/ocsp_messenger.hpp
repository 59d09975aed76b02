#pragma once
// ocsp_messenger: carries questions to OCSP responders, and answers back.

#include "client/url.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"
#include "tls/ocsp_book.hpp"

#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

namespace mutual::http {
class abandonable;
}

namespace mutual::client {

struct messenger_limits {
  std::chrono::milliseconds patience{4'000};  ///< From the question on, the wait for its turn included.
  std::size_t most_under_way = 32;
  std::size_t most_for_each = 16;  ///< Under way to one host: one that is silent does not stop all others.
  std::size_t most_waiting = 1'024;
  std::size_t most_bytes = std::size_t{64} * 1024;  ///< Of one answer.
};

/// Works in a thread of its own, from its making to stop(). Over plain HTTP alone: an answer is believed for its
/// signature. No redirection is followed and nothing but the question is sent.
class ocsp_messenger {
 public:
  explicit ocsp_messenger(messenger_limits within);
  ~ocsp_messenger();
  ocsp_messenger(const ocsp_messenger&) = delete;
  ocsp_messenger& operator=(const ocsp_messenger&) = delete;

  /// Its `heard` is called in time, on this messenger's thread; at once, if it has been stopped. From any thread.
  void carry(tls::ocsp_question_to what);

  /// Ends what is under way, and what waits, with an error; returns when all of it has been told. Not from its thread.
  void stop();

 private:
  using clock = net::loop::clock;
  struct errand {
    tls::ocsp_question_to what;
    url where;
    clock::time_point end;
  };

  void take(tls::ocsp_question_to what);
  void begin_next();
  task<> run(errand one);
  task<> fetch_into(const errand& one, std::optional<result<std::string>>& got);
  task<result<std::string>> fetch(const errand& one);
  void give_up_all();
  void leave();

  const messenger_limits within_;
  net::loop loop_;
  // On the loop's thread.
  std::list<errand> waiting_;
  std::list<http::abandonable*> under_way_;
  std::unordered_map<std::string, std::size_t> to_each_;  // under way, by host and port
  bool leaving_ = false;

  std::mutex guard_;
  bool stopped_ = false;  // guarded by guard_
  std::thread thread_;
};

}  // namespace mutual::client
