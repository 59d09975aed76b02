#pragma once
// An app that serves on one thread, over TLS and without a word, for as long as a test has this.

#include <mutual/mutual.hpp>

#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mutual::test {

class running_app {
 public:
  running_app(app& served, tls::config how_secure) : served_(served) {
    run_options how;
    how.listen = "127.0.0.1:0";
    how.tls = std::move(how_secure);
    how.threads = 1;
    how.banner = how.access_log = false;
    std::promise<std::string> ready;
    auto address = ready.get_future();
    how.on_ready = [&](const std::vector<std::string>& all) { ready.set_value(all.front()); };
    serving_ = std::thread([this, how] { (void)served_.run(how); });
    const auto at = address.get();
    port_ = static_cast<unsigned short>(std::stoi(at.substr(at.rfind(':') + 1)));
  }
  ~running_app() {
    served_.stop();
    serving_.join();
  }
  running_app(const running_app&) = delete;
  running_app& operator=(const running_app&) = delete;

  unsigned short port() const { return port_; }

 private:
  app& served_;
  std::thread serving_;
  unsigned short port_ = 0;
};

}  // namespace mutual::test
