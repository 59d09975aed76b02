// How the certificates of a bundle go together.

#include "base/text.hpp"
#include "x509/identity.hpp"
#include "x509/lint_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace mutual::x509 {
namespace {

bool has_issuer_in(const certificate& one, const std::vector<certificate>& others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const certificate& other) { return one.may_be_issued_by(other) && one.is_signed_by(other); });
}

// RFC 5280 leaves it open what an extended key usage in a CA means; everybody (OpenSSL, browsers, Windows, Go) takes it
// for a limit on what lies below.
void lint_purposes_above(const lint_case& of, const std::vector<certificate>& chain) {
  for (std::size_t at = 1; at < chain.size(); ++at) {
    const auto& one = chain[at];
    const bool client = of.as == use::client || of.as == use::peer, server = of.as == use::server || of.as == use::peer;
    for (const auto& [wanted, allowed, name] : {std::tuple(client, one.allows_client(), "clientAuth"),
                                                std::tuple(server, one.allows_server(), "serverAuth")}) {
      if (!wanted || allowed) continue;
      of.add(
          "chain_purpose", weight::wrong, one,
          fmt::format("it stands above the certificate, and its own extended key usage lacks {}: servers and clients "
                      "then refuse all that is below it",
                      name),
          "have the certificate issued by a CA that may: mutual init makes one");
    }
  }
}

void lint_lives(const lint_case& of, const std::vector<certificate>& chain) {
  for (std::size_t at = 1; at < chain.size(); ++at) {
    // Whoever trusts its issuer by another certificate does not need this one (a cross-certificate).
    if (has_issuer_in(chain[at - 1], of.options.trusted)) return;
    if (chain[at].not_after() >= chain[at - 1].not_after()) continue;
    of.add("outlives_issuer", weight::advice, chain[at - 1],
           fmt::format("it ends on {}, but its issuer {} already on {}, and is refused from then on",
                       to_text(chain[at - 1].not_after()), text::quoted(chain[at].subject()),
                       to_text(chain[at].not_after())),
           of.anew(chain[at - 1]));
  }
}

void lint_path_lengths(const lint_case& of, const std::vector<certificate>& chain) {
  for (std::size_t at = 1; at < chain.size(); ++at) {
    const long most = X509_get_pathlen(chain[at].get());
    if (most < 0 || static_cast<long>(at) - 1 <= most) continue;
    of.add("path_length", weight::wrong, chain[at],
           fmt::format("it allows {} CAs below it, and there {} {}", most, at - 1 == 1 ? "is" : "are", at - 1),
           "have the certificate issued by a CA that may");
  }
}

void lint_missing(const lint_case& of, const std::vector<certificate>& chain) {
  const auto& last = chain.back();
  if (last.is_self_issued() || has_issuer_in(last, of.options.trusted)) return;
  // The root may be in the file: chain_of leaves it out.
  if (has_issuer_in(last, of.all.certificates)) return;
  const bool known = !of.options.trusted.empty();
  // Above an intermediate there is most likely the root.
  if (!known && chain.size() > 1) return;
  of.add("intermediate_missing", known ? weight::wrong : weight::advice, last,
         known
             ? fmt::format("its issuer {} is neither in the file nor trusted: whoever trusts only the root refuses it",
                           text::quoted(last.issuer()))
             : fmt::format("its issuer {} is not in the file; unless that is the root itself, servers refuse it "
                           "(--trust FILE tells which it is)",
                           text::quoted(last.issuer())),
         "put the intermediate behind it: cat leaf.crt intermediate.crt > chain.crt, or: mutual export FILE --chain "
         "intermediate.crt");
}

// What stands in the file and not in the chain.
void lint_others(const lint_case& of, const std::vector<certificate>& chain) {
  const auto& all = of.all.certificates;
  for (std::size_t at = 1; at < all.size(); ++at) {
    const auto& one = all[at];
    if (std::find(chain.begin(), chain.end(), one) != chain.end()) continue;
    const bool root = one.is_self_issued() && chain.back().may_be_issued_by(one);
    of.add(root ? "root_included" : "unrelated", weight::advice, one,
           root ? "it is the root, which whoever trusts it has already: it costs every handshake its bytes"
                : "it is not of the chain of the first certificate",
           "leave it out of the file");
  }
  if (all.size() < chain.size() || std::equal(chain.begin(), chain.end(), all.begin())) return;
  of.add("order", weight::advice, of.first(),
         "the certificates do not stand each before its issuer, which some programs insist on (RFC 5246, 7.4.2)",
         "write them in order: mutual export FILE does");
}

}  // namespace

void lint_chain(const lint_case& of) {
  // A file of CAs is a trust, and no chain.
  if (of.as == use::ca) {
    for (std::size_t at = 1; at < of.all.certificates.size(); ++at) {
      if (of.all.certificates[at].is_ca()) lint_authority(of, of.all.certificates[at]);
    }
    return;
  }
  const auto chain = chain_of(of.first(), of.all.certificates);
  for (std::size_t at = 1; at < chain.size(); ++at) lint_authority(of, chain[at]);
  lint_purposes_above(of, chain);
  lint_path_lengths(of, chain);
  lint_lives(of, chain);
  lint_missing(of, chain);
  lint_others(of, chain);
}

}  // namespace mutual::x509
