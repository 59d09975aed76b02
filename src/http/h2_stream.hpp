#pragma once
// h2_stream: one request and its answer within an HTTP/2 session.

#include "http/h2_request.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mutual::http {

struct h2_exchange;

/// What a session knows of one stream. Made, filled and ended by the session; whoever answers reads it.
struct h2_stream {
  h2_stream(std::int32_t number, const limits& bounds, bool secure) : id(number), asked(bounds, secure) {}

  std::int32_t id;
  h2_request asked;

  // The request.
  bool whole = false;           ///< All of it has come.
  bool handed_over = false;     ///< Its event has been made: it is whole, refused, not to be read, or read in pieces.
  bool unread = false;          ///< Its body is not wanted: what comes of it is thrown away.
  bool in_pieces = false;       ///< Its body is taken piece by piece while it comes.
  bool asked_for = false;       ///< Somebody has asked for the first of them.
  bool hungry = false;          ///< Somebody waits for the next of them.
  std::size_t limit = 0;        ///< Of its body.
  std::size_t owed = 0;         ///< Bytes that came and for which the client has not been given new room yet.
  std::size_t thrown_away = 0;  ///< Bytes that nobody wanted and for which the client was given new room.
  std::size_t granted = 0;      ///< Of a body that is put together: room given beyond the window that it began with.

  // The answer.
  bool answered = false;     ///< Its head has been given.
  bool from_source = false;  ///< Its body comes in pieces, which are asked for.
  bool ended = false;        ///< No piece follows the one at hand.
  bool starving = false;     ///< The next piece has been asked for and is not there yet.
  std::string piece;         ///< What is to be sent next.
  std::size_t taken = 0;     ///< Of it, what has been sent.
  std::size_t sent = 0;      ///< Bytes of the body that have been sent in all.
  bool complete = false;     ///< All of the answer has been sent.
  bool left_open = false;    ///< It is, and the request has not come to its end: that is waited for, for a while.

  // The stream.
  bool open = true;            ///< False once it is closed, by whomever: nothing can be sent or received any more.
  bool held_by_owner = false;  ///< Somebody works on it: it stays until release().
  bool over = false;           ///< All was said before it was closed; it stays until its owner has heard of that.
  h2_exchange* worked_on_by = nullptr;  ///< The owner's own.

  // The clock: how long the client has kept us waiting for its body, and for room to send.
  std::chrono::steady_clock::time_point body_began{};      ///< Or, of one in pieces, since when it is waited for.
  std::chrono::steady_clock::duration waited{};            ///< Of one in pieces, before that.
  std::chrono::steady_clock::duration withheld{};          ///< The time in which we gave it no room.
  std::chrono::steady_clock::time_point withheld_since{};  ///< Of meaning while `owed`.
  std::chrono::steady_clock::time_point left_open_at{};    ///< Of meaning while `left_open`.
  std::chrono::steady_clock::duration ready_at{};          ///< On the session's clock of stalls.
  std::chrono::steady_clock::duration starved_at{};        ///< On the same; of meaning while `starving`.
};

}  // namespace mutual::http
