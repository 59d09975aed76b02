#pragma once
// A plain HTTP client for tests: it sends what it is told to, byte for byte.

#include "base/descriptor.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::test {

/// One answer, taken off a connection.
struct answer {
  int status = 0;
  std::string head;  ///< Up to and with the empty line.
  std::string body;  ///< Without chunks.
};

/// The answers in what a server sent, 100 (Continue) among them; a last one that is cut off is left out.
std::vector<answer> answers_in(std::string_view bytes);

/// A connection to 127.0.0.1. Reads give up after ten seconds of silence.
class plain_connection {
 public:
  explicit plain_connection(unsigned short port);

  int fd() const { return handle_.get(); }
  /// Whether all of it was handed to the network.
  bool write(std::string_view bytes);
  /// The next answer; status 0 if the connection ended before it was whole.
  answer read_answer();
  std::string read_to_end();
  /// Whether the server closes within that time, whatever it sends before.
  bool ends_within(std::chrono::milliseconds limit);
  /// Says that nothing more comes, and goes on reading.
  void finish_writing();
  /// Gone, with a reset in place of a goodbye.
  void vanish();

 private:
  descriptor handle_;
  std::string pending_;
};

/// "GET target HTTP/1.1" with Host, and those further field lines ("Connection: close\r\n").
std::string get_request(std::string_view target = "/", std::string_view fields = {});

/// A POST with a Content-Length.
std::string post_request(std::string_view body, std::string_view fields = {});

}  // namespace mutual::test
