// What EST's clients send: the Authorization field in the first line, a body in the rest.

#include "authority/token.hpp"
#include "ca_service/credentials.hpp"
#include "ca_service/est_message.hpp"
#include "x509/request_check.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mutual;
  const auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  request asked;
  asked.headers.add("Authorization", text.substr(0, end));
  if (const auto token = ca_service::shown_token(asked)) {
    check(token->size() < text.size());
    const auto id = authority::token_id(token->view());
    check(!id || id->size() == 16);
    check(!authority::is_token(token->view(), authority::new_token().facts));
  }
  const auto read = ca_service::read_est_request(text.substr(end));
  if (!read) {
    check(!read.error().message().empty());
    return 0;
  }
  const auto names = x509::checked_request(*read);
  if (names) {
    check(read->proves_possession());
    check(authority::names_to_text(authority::names_from_text(authority::names_to_text(*names))) ==
          authority::names_to_text(*names));
  }
  return 0;
}
