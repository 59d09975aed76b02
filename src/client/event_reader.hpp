#pragma once
// event_reader: server-sent events, read as they come (WHATWG HTML section 9.2.6).

#include <mutual/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::client {

/// Twice what any id needs that is a digest.
inline constexpr std::size_t longest_id = 128;

/// One event that was received.
struct received_event {
  std::string name;  ///< "message" if it was not said.
  std::string id;    ///< The last id that was said, by this event or one before it.
  std::string data;
};

/// Takes the bytes of a stream as they come, cut anywhere. What is between events takes a bounded amount of memory.
class event_reader {
 public:
  explicit event_reader(std::size_t most_bytes = std::size_t{64} * 1024) : most_(most_bytes) {}

  /// The events that these bytes have finished, oldest first. An error (limit_exceeded) if one is larger than the
  /// limit, or its id than longest_id, since each event after it has a copy: the stream is of no use any more then.
  result<std::vector<received_event>> take(std::string_view bytes);

 private:
  std::optional<received_event> end_line();
  std::optional<received_event> dispatch();

  std::size_t most_;
  std::string line_;
  std::string name_, id_, data_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
};

}  // namespace mutual::client
