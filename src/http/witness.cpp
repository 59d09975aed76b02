#include "http/witness.hpp"

#include <llhttp.h>

namespace mutual::http {

struct witness::state {
  llhttp_t parser{};
  sighting seen;
  bool no_body = false;
};

namespace {

witness::state& of(llhttp_t* parser) { return *static_cast<witness::state*>(parser->data); }

int on_url(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).seen.target = {at, size};
  return 0;
}

int on_name(llhttp_t* parser, const char* at, std::size_t size) {
  auto& seen = of(parser).seen;
  seen.name = {at, size};
  seen.value = {};
  seen.values = 0;  // What came before the name is the empty value of the line before, of which llhttp tells late.
  ++seen.names;
  return 0;
}

int on_value(llhttp_t* parser, const char* at, std::size_t size) {
  auto& seen = of(parser).seen;
  seen.value = {at, size};
  ++seen.values;
  return 0;
}

int on_body(llhttp_t* parser, const char*, std::size_t size) {
  of(parser).seen.body_bytes += size;
  return 0;
}

int on_head_end(llhttp_t* parser) {
  auto& seen = of(parser).seen;
  seen.head_end = true;
  seen.body = {(parser->flags & F_CONTENT_LENGTH) != 0, (parser->flags & F_CHUNKED) != 0, parser->content_length};
  // No protocol is ever switched to here, so Upgrade is a field like any other (RFC 9110 section 7.8: a server may
  // ignore it). Left set, llhttp would stop reading and take what follows for another protocol.
  parser->upgrade = 0;
  return of(parser).no_body ? 1 : 0;
}

int on_chunk(llhttp_t* parser) {
  of(parser).seen.chunk = parser->content_length;
  return 0;
}

int on_message_end(llhttp_t* parser) {
  of(parser).seen.message_end = true;
  return 0;
}

const llhttp_settings_t& settings() {
  static const llhttp_settings_t value = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = on_url;
    made.on_header_field = on_name;
    made.on_header_value = on_value;
    made.on_headers_complete = on_head_end;
    made.on_body = on_body;
    made.on_chunk_header = on_chunk;
    made.on_message_complete = on_message_end;
    return made;
  }();
  return value;
}

}  // namespace

void witness::state_deleter::operator()(state* which) const { delete which; }

const witness::sighting& witness::see(std::string_view bytes) {
  if (!state_) {
    state_.reset(new state);
    llhttp_init(&state_->parser, kind_ == kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  }
  state_->parser.data = state_.get();
  state_->no_body = no_body_;
  auto& seen = state_->seen;
  seen = sighting();
  if (llhttp_execute(&state_->parser, bytes.data(), bytes.size()) != HPE_OK) {
    const char* reason = llhttp_get_error_reason(&state_->parser);
    seen.error = reason ? reason : "refused";
  }
  return seen;
}

std::string_view witness::method() const {
  return llhttp_method_name(static_cast<llhttp_method_t>(state_->parser.method));
}

int witness::version_minor() const { return state_->parser.http_minor; }

int witness::status() const { return state_->parser.status_code; }

void witness::reset() {
  no_body_ = false;
  if (state_) llhttp_reset(&state_->parser);
}

}  // namespace mutual::http
