#include "cli/get_output.hpp"

#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "explain/handshake_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace mutual::cli {
namespace {

namespace json = boost::json;

// Enough for any problem document.
constexpr std::size_t kept_for_words = std::size_t{64} * 1024;

error cannot_write() {
  return {errc::io, fmt::format("the answer cannot be written to standard output: {}", file::system_message(errno))};
}

// A member of a problem as text; empty if it is not there.
std::string member(const json::object& problem, std::string_view name) {
  const auto* value = problem.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return {};
  const auto& text = value->get_string();
  return text::printable({text.data(), text.size()}, 2048);
}

// JSON is UTF-8; what is not is given as base64 under another name. Boost's parser checks what its serializer does not.
void add_body(json::object& out, const std::string& body) {
  json::value text(body);
  boost::system::error_code malformed;
  (void)json::parse(json::serialize(text), malformed);
  if (malformed) {
    out["body_base64"] = base64::encode(body);
  } else {
    out["body"] = std::move(text);
  }
}

}  // namespace

task<got> get_answer(client::connection& from, const request& what, bool collect,
                     const std::function<void(const response&)>& on_head) {
  got out;
  auto sending = from.send(what);
  auto sent = co_await std::move(sending);
  if (!sent) {
    out.failure = std::move(sent).error();
    co_return out;
  }
  auto receiving = from.receive_head();
  auto head = co_await std::move(receiving);
  if (!head) {
    out.failure = std::move(head).error();
    co_return out;
  }
  out.head = *std::move(head);
  on_head(*out.head);
  for (;;) {
    auto asking = from.receive_piece();
    auto piece = co_await std::move(asking);
    if (!piece) {
      out.failure = std::move(piece).error();
      break;
    }
    if (!*piece) break;
    if (collect || out.body.size() < kept_for_words) out.body += **piece;
    if (!collect && std::fwrite((*piece)->data(), 1, (*piece)->size(), stdout) != (*piece)->size()) {
      out.failure = cannot_write();
      break;
    }
  }
  if (!collect && !out.failure && std::fflush(stdout) != 0) out.failure = cannot_write();
  co_return out;
}

std::string head_text(const response& head) {
  auto out = fmt::format("The answer\n   {} {}\n", head.status, status_phrase(head.status));
  for (std::size_t at = 0; at < head.headers.size(); ++at) {
    const auto [name, value] = head.headers[at];
    out += fmt::format("   {}: {}\n", name, text::printable(value, 4096));
  }
  return out;
}

error refused_by_status(const response& head, std::string_view body) {
  auto said = fmt::format("the server answered {} {}", head.status, status_phrase(head.status));
  const auto type = head.headers.get("Content-Type");
  if (!type || !text::iequals(text::trim(type->substr(0, type->find(';'))), "application/problem+json")) {
    return {errc::protocol, said};
  }
  boost::system::error_code malformed;
  const auto document = json::parse({body.data(), body.size()}, malformed);
  if (malformed || !document.is_object()) return {errc::protocol, said};
  const auto& problem = document.get_object();
  const auto title = member(problem, "title");
  if (!title.empty() && title != status_phrase(head.status)) said += ": " + title;
  if (const auto detail = member(problem, "detail"); !detail.empty()) said += ": " + detail;
  if (const auto code = reason_from_string(member(problem, "reason"))) {
    said += fmt::format("\n  {:7} {}: {}\n  {:7} {}", "reason", to_string(*code), meaning(*code), "fix", remedy(*code));
  }
  return {errc::protocol, said};
}

std::string exchange_json(std::string_view url, const client::handshake_report& report, const got& outcome) {
  json::object out{{"url", text::printable(url, 8192)}, {"handshake", explain::handshake_json(report)}};
  if (outcome.head) {
    out["status"] = outcome.head->status;
    json::array fields;
    for (std::size_t at = 0; at < outcome.head->headers.size(); ++at) {
      const auto [name, value] = outcome.head->headers[at];
      fields.push_back(json::object{{"name", std::string(name)}, {"value", text::printable(value, 16384)}});
    }
    out["headers"] = std::move(fields);
    add_body(out, outcome.body);
  }
  if (outcome.failure) out["failure"] = text::printable(outcome.failure->message(), 8192);
  return json::serialize(out);
}

}  // namespace mutual::cli
