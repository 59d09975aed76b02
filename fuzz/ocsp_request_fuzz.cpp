// OCSP requests: what is taken can be answered, and the answer is for those certificates and with that nonce.

#include "x509/builder.hpp"
#include "x509/ocsp.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace mutual;

struct authority {
  x509::private_key key = *x509::private_key::generate();
  x509::certificate ca = make();
  x509::certificate make() const {
    x509::certificate_spec spec;
    spec.subject = {"CA", {}, {}};
    spec.not_before = now() - std::chrono::hours(1);
    spec.not_after = now() + std::chrono::hours(1);
    spec.ca = true;
    return *x509::make_self_signed(spec, key);
  }
};

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const authority own;
  const x509::ocsp_limits limits;
  const auto read = x509::read_ocsp_question({reinterpret_cast<const char*>(data), size}, limits);
  if (!read) {
    check(!read.error().message().empty());
    return 0;
  }
  check(size <= limits.bytes && !read->about.empty() && read->about.size() <= limits.certificates);
  check(read->nonce.empty() || (read->nonce.size() >= 3 && read->nonce.size() <= 131));
  x509::ocsp_answer answer{{}, now(), now() + std::chrono::hours(1), read->nonce};
  for (const auto& id : read->about) {
    check(id.serial().find_first_not_of("0123456789abcdef-") == std::string::npos);
    (void)id.is_issued_by(own.ca);
    answer.facts.push_back({id, x509::ocsp_fact::status::unknown, {}, 0});
  }
  const auto made = x509::sign_ocsp_answer(answer, {own.key, {own.ca}});
  check(made.has_value());
  return 0;
}
