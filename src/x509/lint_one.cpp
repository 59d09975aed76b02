// What every certificate must have, leaf or CA.

#include "base/text.hpp"
#include "x509/key_strength.hpp"
#include "x509/lint_rules.hpp"

#include <fmt/format.h>

namespace mutual::x509 {
namespace {

using namespace std::chrono_literals;

// Apple's systems refuse servers' certificates that last longer, whoever has issued them; browsers ask 398 of public
// CAs, and there is no reason for more where renewal costs nothing.
constexpr std::chrono::days longest_server_life{825}, long_life{398};

bool is_rsa(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS;
}

// The groups of RFC 8446 section 4.2.3 whose signatures TLS 1.3 can make; others end in no_common_cipher.
bool is_curve_of_tls(const EVP_PKEY* key) {
  const auto name = describe_key(key);
  return name == "P-256" || name == "P-384" || name == "P-521";
}

}  // namespace

void lint_encoding(const lint_case& of, const certificate& one) {
  if (X509_get_version(one.get()) != X509_VERSION_3) {
    of.add("old_version", weight::wrong, one,
           fmt::format("it is an X.509 version {} certificate, which cannot say what it is for",
                       X509_get_version(one.get()) + 1),
           of.anew(one));
  }
  if ((X509_get_extension_flags(one.get()) & EXFLAG_INVALID) != 0) {
    of.add("malformed", weight::wrong, one, "its extensions cannot be read, or one stands there twice", of.anew(one));
  }
}

void lint_serial(const lint_case& of, const certificate& one) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(one.get());
  const bignum_ptr number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number || BN_is_negative(number.get()) == 1 || BN_is_zero(number.get()) == 1) {
    of.add("serial_not_positive", weight::wrong, one, "its serial number is not positive (RFC 5280, 4.1.2.2)",
           of.anew(one));
  } else if (BN_num_bits(number.get()) > 159) {
    // With its top bit set a number takes one octet more in DER, to be positive.
    of.add("serial_too_long", weight::wrong, one,
           fmt::format("its serial number takes {} octets; 20 are the most (RFC 5280, 4.1.2.2)",
                       BN_num_bits(number.get()) / 8 + 1),
           of.anew(one));
  } else if (BN_num_bits(number.get()) < 64 && !one.is_self_signed()) {
    of.add("serial_short", weight::advice, one,
           fmt::format("its serial number is {}: short ones are guessed, and come twice when a CA is restored from a "
                       "backup",
                       one.serial()),
           of.anew(one));
  }
}

void lint_key(const lint_case& of, const certificate& one) {
  const EVP_PKEY* key = X509_get0_pubkey(one.get());
  const auto wrong = [&](std::string what) {
    of.add("weak_key", weight::wrong, one, std::move(what), of.anew(one, remedy::other_key));
  };
  if (const auto weakness = weakness_of(key)) {
    return wrong(fmt::format("its key ({}) {}", describe_key(key), *weakness));
  }
  if (is_rsa(key) && EVP_PKEY_get_bits(key) > 8192) {
    return wrong(fmt::format("its RSA key has {} bits, which costs every handshake dearly and is refused here",
                             EVP_PKEY_get_bits(key)));
  }
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && !is_curve_of_tls(key)) {
    return wrong(fmt::format("its key is on the curve {}, with which TLS 1.3 cannot sign", describe_key(key)));
  }
  const bool is_edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 || EVP_PKEY_get_base_id(key) == EVP_PKEY_ED448;
  if (is_edwards) {
    of.add("rare_key", weight::advice, one,
           fmt::format("its key is {}, which browsers, Windows and older Java do not take", describe_key(key)),
           of.anew(one, remedy::other_key));
  }
}

void lint_signature(const lint_case& of, const certificate& one) {
  int digest = NID_undef;
  // A root's own signature is nobody's word but its own; a pinned certificate's the same.
  if (one.is_self_issued() || X509_get_signature_info(one.get(), &digest, nullptr, nullptr, nullptr) != 1) return;
  if (digest != NID_md5 && digest != NID_sha1 && digest != NID_md5_sha1) return;
  of.add("weak_signature", weight::wrong, one,
         fmt::format("it is signed with {}, which can be forged", OBJ_nid2sn(digest)), of.anew(one));
}

void lint_dates(const lint_case& of, const certificate& one) {
  const auto from = one.not_before(), until = one.not_after(), at = of.options.at;
  const bool is_leaf = one == of.first() && of.as != use::ca;
  if (until < at) {
    of.add("expired", weight::wrong, one, fmt::format("it ended on {}", to_text(until)), of.anew(one));
    return;
  }
  if (from > at) {
    of.add("not_yet_valid", weight::wrong, one,
           fmt::format("it begins on {}, in {}", to_text(from), to_words(from - at)),
           "wait, or set this machine's clock right");
    return;
  }
  if (at - from < 1min) {
    of.add("no_backdate", weight::advice, one,
           "it begins this very minute: whoever's clock is behind refuses it for a while",
           "wait some minutes; mutual issue begins certificates five minutes early");
  }
  const auto life = until - from;
  if ((until - at) * 3 < life) {
    of.add("ends_soon", weight::advice, one, fmt::format("it ends on {}, in {}", to_text(until), to_words(until - at)),
           of.anew(one));
  }
  if (!is_leaf) return;
  const auto days = std::chrono::floor<std::chrono::days>(life).count();
  const bool serves = of.as == use::server || of.as == use::peer;
  if (serves && life > longest_server_life) {
    of.add("long_life", weight::wrong, one,
           fmt::format("it lasts {} days, and Apple's systems refuse servers beyond {}", days,
                       longest_server_life.count()),
           of.anew(one, remedy::shorter));
  } else if (life > long_life) {
    of.add(
        "long_life", weight::advice, one,
        fmt::format("it lasts {} days: a stolen key is good for as long, and nobody remembers how to renew it", days),
        of.anew(one, remedy::shorter));
  }
}

void lint_identifiers(const lint_case& of, const certificate& one) {
  const bool is_ca = one.is_ca();
  if (one.subject_key_id().empty()) {
    // RFC 5280 section 4.2.1.2: a CA must have one, others should.
    of.add("no_subject_key_id", is_ca ? weight::wrong : weight::advice, one,
           "it has no subject key identifier (RFC 5280, 4.2.1.2): issuers of one name cannot be told apart",
           of.anew(one));
  }
  if (one.authority_key_id().empty() && !one.is_self_issued()) {
    of.add(
        "no_authority_key_id", weight::wrong, one,
        "it has no authority key identifier, which it must have (RFC 5280, 4.2.1.1): when its CA has changed its key, "
        "the right one is not found",
        of.anew(one));
  }
}

}  // namespace mutual::x509
