#pragma once
// busy_streams: who keeps memory for records from one record to the next.

#include "tls/stream.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>

namespace mutual::tls {

/// The streams of one thread on which one request follows another. OpenSSL gives its room for a record back after each
/// (an idle connection costs half of what it would), and asking for it anew for each read and each write is a tenth of
/// what a small request costs. So the busy ones keep theirs: a bounded number, until they fall still. For one thread.
class busy_streams {
 public:
  /// How many may keep their room, some 33 KiB each. Whoever comes when all places are taken does without.
  static constexpr std::size_t most = 256;

  class place;

  busy_streams() = default;
  busy_streams(const busy_streams&) = delete;
  busy_streams& operator=(const busy_streams&) = delete;

  /// Takes the room from those that were not used since the last call; to be called about once a second.
  void look_after();

  std::size_t size() const { return size_; }

 private:
  using hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>>;
  boost::intrusive::list<place, boost::intrusive::constant_time_size<false>, boost::intrusive::base_hook<hook>> busy_;
  std::size_t size_ = 0;
};

/// One stream's place among them, if it has one. It does not outlive the stream or the list.
class busy_streams::place : public busy_streams::hook {
 public:
  /// `among` may be null: then nothing is kept.
  place(busy_streams* among, stream& whose) : among_(among), stream_(whose) {}
  ~place() { leave(); }
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  /// To be called after each request.
  void used();

 private:
  friend class busy_streams;
  void leave();

  busy_streams* among_;
  stream& stream_;
  bool recently_ = false;
};

}  // namespace mutual::tls
