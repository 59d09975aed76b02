#include "client/fetch.hpp"

#include "base/text.hpp"
#include "client/blocking.hpp"
#include "client/connection.hpp"
#include "client/fetch_at.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual::client {
namespace {

// Room for a body that is announced, where there is a limit that it keeps to: growing, a revocation list of 70 MB would
// be moved again and again, and its old place freed in one go.
void make_room(response& answer, std::size_t most) {
  const auto announced = answer.headers.get("Content-Length");
  const auto length = announced ? text::to_number(*announced) : std::nullopt;
  if (length && most != any_size && *length <= most) answer.body.reserve(*length);
}

task<result<response>> whole_answer(connection& to, const request& what, std::size_t most) {
  auto sending = to.send(what);
  auto sent = co_await std::move(sending);
  if (!sent) co_return std::move(sent).error();
  auto receiving = to.receive_head();
  auto head = co_await std::move(receiving);
  if (!head) co_return std::move(head).error();
  response answer = *std::move(head);
  make_room(answer, most);
  for (;;) {
    auto asking = to.receive_piece();
    auto piece = co_await std::move(asking);
    if (!piece) co_return std::move(piece).error();
    if (!*piece) break;
    answer.body += **piece;
  }
  co_return answer;
}

task<exchange> finish(connection& to, result<> opened, const request& what, std::size_t most) {
  exchange out;
  if (opened) {
    auto asking = whole_answer(to, what, most);
    auto answer = co_await std::move(asking);
    if (answer)
      out.answer = *std::move(answer);
    else
      out.failure = std::move(answer).error();
  } else {
    out.failure = std::move(opened).error();
  }
  out.report = to.report();
  to.close();
  co_return out;
}

}  // namespace

task<exchange> fetch(net::loop& on, url where, options how, request what) {
  what.target = where.target;
  const auto most = how.limits.body_bytes;
  connection to(on, std::move(how));
  auto opening = to.open(std::move(where));
  auto opened = co_await std::move(opening);
  auto finishing = finish(to, std::move(opened), what, most);
  auto out = co_await std::move(finishing);
  co_return out;
}

task<exchange> fetch_at(net::loop& on, url where, std::vector<net::endpoint> addresses, options how, request what) {
  what.target = where.target;
  const auto most = how.limits.body_bytes;
  connection to(on, std::move(how));
  auto opening = to.open_at(std::move(where), std::move(addresses));
  auto opened = co_await std::move(opening);
  auto finishing = finish(to, std::move(opened), what, most);
  auto out = co_await std::move(finishing);
  co_return out;
}

task<exchange> look_at(net::loop& on, url where, options how) {
  exchange out;
  connection to(on, std::move(how));
  auto opening = to.open(std::move(where));
  auto opened = co_await std::move(opening);
  if (!opened) out.failure = std::move(opened).error();
  out.report = to.report();
  to.close();
  co_return out;
}

result<std::vector<x509::certificate>> fetch_chain(const url& where, const timeouts& patience) {
  if (!where.secure) {
    return error(errc::bad_usage, fmt::format("{} is plain HTTP, where nobody presents certificates: use https://",
                                              text::printable(where.to_string())));
  }
  tls::client_settings settings;
  settings.accept_any_server = true;
  options how;
  MUTUAL_TRY(how.tls, tls::client_context::make(std::move(settings)));
  how.timeouts = patience;
  how.timeouts.welcome = {};
  net::loop loop;
  auto seen = run_to_end(loop, look_at(loop, where, std::move(how)));
  if (!seen.report.server_chain.empty()) return std::move(seen.report.server_chain);
  if (seen.failure) return *std::move(seen.failure);
  return error(errc::tls, fmt::format("{} presents no certificate", text::printable(where.to_string())));
}

}  // namespace mutual::client
