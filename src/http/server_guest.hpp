#pragma once
// server_guest: one connection of a server, from accept to close.

#include "http/abandonable.hpp"
#include "http/bell.hpp"
#include "http/connection.hpp"
#include "http/h2_connection.hpp"
#include "http/server_worker.hpp"
#include "net/address.hpp"
#include "tls/server_context.hpp"
#include "tls/stream.hpp"

#include <mutual/request.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace mutual::http {

// The wait of a guest for what responders say. It outlives the guest, since they may say it later.
struct server_worker::settling {
  bell news;
  bool over = false;
};

struct server_worker::guest {
  guest(net::loop& on, descriptor handle, net::endpoint from)
      : remote(std::move(from)), stream(on, std::move(handle), nullptr) {}

  net::endpoint remote;
  tls::client_facts facts;
  // What its SSL needs to its end, and what it shakes hands under, for as long as it does; null on plain HTTP.
  std::shared_ptr<const void> lasting;
  std::shared_ptr<const tls::server_context> context;
  std::shared_ptr<const tls::server_context> judge;  // the newest that it was judged under, if it was
  tls::stream stream;                                // destroyed before those above, which its SSL points to
  std::shared_ptr<const connection_info> info;       // null until it is let in
  connection* conversation = nullptr;                // null until requests are served over HTTP/1.1
  h2_connection* multiplexed = nullptr;              // null unless they are served over HTTP/2
  bool speaks_h2 = false;                            // ALPN has chosen it
  abandonable* talk = nullptr;                       // either, while it lasts
  tls::standing standing;                            // who it is, and for how long that is judged
  tls::ocsp_book::pages answers;                     // what responders have said of it
  std::shared_ptr<settling> asked;                   // while they are asked
  bool dismissed = false;                            // found to be welcome no longer; told and counted once
  bool gave_way = false;                             // its place was another's before its handshake was done; told
  const net::loop::clock::time_point came = net::loop::clock::now();
  std::optional<std::list<guest*>::iterator> at_the_door;  // until it has shown who it is, or why it may not
  // Once it was refused, unless it was cut for another.
  std::optional<std::list<guest*>::iterator> on_the_way_out;
};

}  // namespace mutual::http
