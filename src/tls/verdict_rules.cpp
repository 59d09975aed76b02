#include "tls/verdict_rules.hpp"

#include "base/text.hpp"
#include "tls/verdict_names.hpp"
#include "x509/certificate.hpp"
#include "x509/judging.hpp"
#include "x509/key_strength.hpp"
#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>

namespace mutual::tls {
namespace {

// Verifying with an RSA key costs the square of its size; beyond this one, a handshake would cost milliseconds.
constexpr int most_rsa_bits = 8192;

bool is_rsa(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS;
}

void check_digest(const X509* one, findings& wrong) {
  int digest = NID_undef;
  int bits = 0;
  // What has no digest of its own (Ed25519) gives NID_undef; what cannot be told is left to OpenSSL's own check.
  if (X509_get_signature_info(const_cast<X509*>(one), &digest, nullptr, &bits, nullptr) != 1) return;
  if (digest != NID_md5 && digest != NID_sha1 && digest != NID_md5_sha1) return;
  wrong.push_back({reason::weak_key, fmt::format("the signature of {} uses {}, which can be forged: have it issued "
                                                 "anew with SHA-256",
                                                 subject_of(one), OBJ_nid2sn(digest))});
}

void violated(findings& wrong, std::string detail) {
  wrong.push_back({reason::constraint_violated, std::move(detail)});
}

void check_depth(const path& chain, int most, findings& wrong) {
  int count = 0;
  for (std::size_t at = 1; at + 1 < chain.size(); ++at) {
    if ((X509_get_extension_flags(chain[at]) & EXFLAG_SI) == 0) ++count;
  }
  if (count <= most) return;
  violated(wrong, fmt::format("there are {} intermediates between {} and its anchor {}; at most {} are allowed here",
                              count, subject_of(chain.front()), subject_of(chain.back()), most));
}

}  // namespace

std::string subject_of(const X509* one) { return text::quoted(x509::name_text(X509_get_subject_name(one))); }

void check_policy_constraints(const path& chain, findings& wrong) {
  for (const X509* one : chain) {
    if (auto fault = x509::policy_fault(one)) violated(wrong, *std::move(fault));
  }
}

void check_costs(const path& chain, findings& wrong) {
  for (X509* one : chain) {
    const auto* key = X509_get0_pubkey(one);
    if (key == nullptr || !is_rsa(key) || EVP_PKEY_get_bits(key) <= most_rsa_bits) continue;
    violated(wrong, fmt::format("the RSA key of {} has {} bits; more than {} are not verified here: use a P-256 key",
                                subject_of(one), EVP_PKEY_get_bits(key), most_rsa_bits));
  }
  check_name_costs(chain, wrong);
}

void check_dates(const path& chain, sys_seconds at, findings& wrong) {
  for (const X509* one : chain) {
    const auto begin = x509::to_time(X509_get0_notBefore(one));
    const auto end = x509::to_time(X509_get0_notAfter(one));
    if (!begin || !end) {
      wrong.push_back(
          {reason::malformed, fmt::format("the dates of {} cannot be read: have it issued anew", subject_of(one))});
      continue;
    }
    if (at > *end) {
      wrong.push_back({reason::expired, fmt::format("{} ended on {}, {} ago: renew it", subject_of(one), to_text(*end),
                                                    to_words(at - *end))});
    } else if (at < *begin) {
      wrong.push_back(
          {reason::not_yet_valid,
           fmt::format("{} begins on {}, in {}: wait, or set the clock of the server or of its issuer right",
                       subject_of(one), to_text(*begin), to_words(*begin - at))});
    }
  }
}

void check_keys(const path& chain, findings& wrong) {
  for (const X509* one : chain) {
    const auto* key = X509_get0_pubkey(one);
    const bool is_anchor = one == chain.back();
    if (const auto weakness = x509::weakness_of(key, is_anchor ? x509::key_of::anchor : x509::key_of::anybody)) {
      wrong.push_back(
          {reason::weak_key, fmt::format("the key of {} ({}) {}: use P-256, Ed25519, or RSA of 2048 bits or more",
                                         subject_of(one), x509::describe_key(key), *weakness)});
    }
    // The anchor is believed for being in the trust, not for its signature.
    if (!is_anchor) check_digest(one, wrong);
  }
}

void check_leaf_usage(X509* leaf, findings& wrong) {
  // Without the extension every bit is set.
  if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0) return;
  wrong.push_back({reason::wrong_purpose,
                   fmt::format("the key usage of {} lacks digitalSignature, which TLS needs (RFC 8446, 4.4.2.2): have "
                               "it issued anew with it",
                               subject_of(leaf))});
}

void check_profile(const path& chain, int most_intermediates, findings& wrong) {
  check_depth(chain, most_intermediates, wrong);
  for (X509* one : chain) {
    if (auto fault = x509::profile_fault(one)) violated(wrong, *std::move(fault));
  }
}

void check_host(X509* leaf, const std::string& host, findings& wrong) {
  if (host.empty()) return;
  constexpr unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  const bool is_address = X509_check_ip_asc(leaf, host.c_str(), 0) != -2;
  const int matches = is_address ? X509_check_ip_asc(leaf, host.c_str(), 0)
                                 : X509_check_host(leaf, host.data(), host.size(), flags, nullptr);
  if (matches == 1) return;
  const auto names = x509::certificate::shared(leaf).names();
  std::string all;
  for (const auto* kind : {&names.dns, &names.ips}) {
    for (const auto& name : *kind) all += (all.empty() ? "" : ", ") + name;
  }
  wrong.push_back(
      {reason::wrong_purpose,
       fmt::format("the certificate {} is for {}, not for {}: use one of its names, or have one issued with "
                   "this name among its subject alternative names",
                   subject_of(leaf), all.empty() ? "no host at all" : text::printable(all), text::quoted(host))});
}

}  // namespace mutual::tls
