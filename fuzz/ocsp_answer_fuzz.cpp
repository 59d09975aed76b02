// OCSP answers: whatever comes, nothing is believed that the issuer has not signed.

#include "x509/builder.hpp"
#include "x509/ocsp_answer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace mutual;

// A CA whose key nobody has but this process: no input can be signed by it.
struct people {
  x509::private_key key = *x509::private_key::generate();
  x509::ocsp_subject subject = make();
  std::string good = signed_by_issuer();

  x509::ocsp_subject make() const {
    x509::certificate_spec spec;
    spec.subject = {"CA", {}, {}};
    spec.not_before = now() - std::chrono::hours(1);
    spec.not_after = now() + std::chrono::hours(1);
    spec.ca = true;
    auto ca = *x509::make_self_signed(spec, key);
    spec.subject = {"alice", {}, {}};
    spec.ca = false;
    return {*x509::make_certificate(spec, key.get(), ca, key), ca};
  }
  std::string signed_by_issuer() const {
    const auto errand = x509::make_ocsp_errand(subject);
    const auto question = x509::read_ocsp_question(errand->der);
    const x509::ocsp_fact fact{question->about.front(), x509::ocsp_fact::status::good, {}, 0};
    return *x509::sign_ocsp_answer({{fact}, now(), now() + std::chrono::hours(1), {}}, {key, {subject.issuer}});
  }
};

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const people own;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto read = x509::read_ocsp_answer(input, own.subject, {.nonce = "nonce"});
  check(!read && !read.error().message().empty());
  // The same bytes laid over a good answer: what differs from it is not believed, but for what is outside of the
  // signature.
  auto laid_over = own.good;
  for (std::size_t at = 0; at < size && at < laid_over.size(); ++at) {
    laid_over[laid_over.size() / 3 + at % (laid_over.size() / 3)] ^= static_cast<char>(data[at]);
  }
  const auto again = x509::read_ocsp_answer(laid_over, own.subject, {});
  check(!again || again->is == x509::ocsp_fact::status::good);
  return 0;
}
