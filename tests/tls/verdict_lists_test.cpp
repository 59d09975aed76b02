// A verdict does not depend on whether a revocation list is kept compact or as OpenSSL reads it: neither by what it
// says nor by what its signature is worth.
#include "tls/verdict_lists.hpp"

#include "support/judging.hpp"
#include "support/odd_keys.hpp"
#include "tls/verdict.hpp"
#include "tls/verdict_examine.hpp"
#include "tls/verdict_people.hpp"
#include "x509/crl_outline.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <functional>

namespace mutual::tls {
namespace {

using test::crl_spec;
using test::identity;
using test::issue;
using test::outcome;
using x509::lookup_list;

enum class fault { none, forged, spliced, stale };
enum class issuer_is { configured, only_sent, configured_beside_one_of_its_name };

constexpr std::array faults{fault::none, fault::forged, fault::spliced, fault::stale};
constexpr std::array whereabouts{issuer_is::configured, issuer_is::only_sent,
                                 issuer_is::configured_beside_one_of_its_name};

std::string_view to_string(fault one) {
  constexpr std::array<std::string_view, 4> names{"good", "forged", "spliced", "stale"};
  return names.at(static_cast<std::size_t>(one));
}

std::string_view to_string(issuer_is one) {
  constexpr std::array<std::string_view, 3> names{"configured", "only sent", "beside a twin"};
  return names.at(static_cast<std::size_t>(one));
}

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char each : bytes) out += fmt::format("{:02X}", static_cast<unsigned char>(each));
  return out;
}

std::string subject_key_id_of(const identity& one) { return test::value_of(one).subject_key_id(); }

// Another CA of that name, and of that key identifier, with another key.
identity twin_of(const identity& one, test::spec contents) {
  contents.with = test::make_p256_key();
  contents.subject_key_id = false;
  contents.more = {{"subjectKeyIdentifier", subject_key_id_of(one)}};
  return issue(acme().root, contents);
}

const identity& twin() {
  static const auto made = twin_of(acme().intermediate, test::intermediate_spec());
  return made;
}

const identity& list_signer() {
  static const auto made = issue(acme().root, test::intermediate_spec("Acme Lists"));
  return made;
}

const identity& twin_of_list_signer() {
  static const auto made = twin_of(list_signer(), test::intermediate_spec("Acme Lists"));
  return made;
}

std::string der_of_list(const identity& issuer, const crl_spec& contents) {
  return x509::der_of(test::make_crl(issuer, contents).get(), i2d_X509_CRL);
}

std::string sequence_of(const std::string& contents) {
  const int size = static_cast<int>(contents.size());
  std::string out(static_cast<std::size_t>(ASN1_object_size(1, size, V_ASN1_SEQUENCE)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  ASN1_put_object(&at, 1, size, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  std::memcpy(at, contents.data(), contents.size());
  return out;
}

// What the one says, under the signature of the other.
std::string spliced(const std::string& what, const std::string& signature_of) {
  const auto parts = x509::outline_of(signature_of).value();
  const auto signed_with = static_cast<std::size_t>(parts.algorithm.data() - signature_of.data());
  return sequence_of(std::string(x509::outline_of(what).value().signed_part) + signature_of.substr(signed_with));
}

// The list with that fault. A spliced one has the signature of the same list with `client` on it, or without anybody.
std::string list_with(fault which, const identity& issuer, crl_spec contents, const identity& client) {
  if (which == fault::forged) {
    return der_of_list(
        X509_cmp(issuer.certificate(), list_signer().certificate()) == 0 ? twin_of_list_signer() : twin(), contents);
  }
  if (which == fault::stale) {
    contents.begins_in = -day * 9;
    contents.ends_in = -day;
  }
  const auto good = der_of_list(issuer, contents);
  if (which != fault::spliced) return good;
  contents.revoked = contents.revoked.empty() ? std::vector{client} : std::vector<identity>{};
  return spliced(good, der_of_list(issuer, contents));
}

struct question {
  std::string called;
  identity client;
  std::vector<std::string> lists;  // DER
  issuer_is where;
};

// Which of the lists are compact: a bit for each.
using forms = unsigned;

result<std::shared_ptr<const trust>> trust_for(const question& asked, forms compact) {
  trust_sources sources;
  sources.trusted = {test::value_of(acme().root)};
  if (asked.where != issuer_is::only_sent) {
    for (const auto* one : {&acme().intermediate, &list_signer()}) sources.trusted.push_back(test::value_of(*one));
  }
  if (asked.where == issuer_is::configured_beside_one_of_its_name) {
    for (const auto* one : {&twin(), &twin_of_list_signer()}) sources.trusted.push_back(test::value_of(*one));
  }
  for (std::size_t at = 0; at < asked.lists.size(); ++at) {
    const bool as_compact = (compact >> at & 1U) != 0;
    sources.revocations.push_back(as_compact ? lookup_list::from_der(asked.lists[at]).value()
                                             : lookup_list(x509::crl::from_der(asked.lists[at]).value()));
  }
  return trust::make(std::move(sources), 1);
}

// Everything that was found, not only what is told of it.
std::string all_findings(const trust& by, const identity& client) {
  const std::vector<identity> shown{client, acme().intermediate, list_signer()};
  const x509::x509_stack_ptr stack(sk_X509_new_null());
  for (const auto& each : shown) {
    X509_up_ref(each.certificate());
    sk_X509_push(stack.get(), each.certificate());
  }
  const path candidate{client.certificate(), acme().intermediate.certificate(), acme().root.certificate()};
  std::string out;
  for (const auto& one : examine(by, candidate, stack.get(), {}).wrong) {
    out += fmt::format("\n{}: {}", to_string(one.why), one.detail);
  }
  return out;
}

struct answer {
  std::string what;  // "good", a reason, or "no trust"
  std::string details;
};

answer answer_to(const question& asked, forms compact) {
  const auto by = trust_for(asked, compact);
  if (!by) return {"no trust", by.error().message()};
  const auto judged = test::judge(**by, {asked.client, acme().intermediate, list_signer()});
  return {outcome(judged), judged.detail + all_findings(**by, asked.client)};
}

// The answer that all forms of the lists give.
std::string same_answer(const question& asked) {
  const auto whole = answer_to(asked, 0);
  for (forms compact = 1; compact < 1U << asked.lists.size(); ++compact) {
    const auto ours = answer_to(asked, compact);
    EXPECT_EQ(ours.what, whole.what) << asked.called << ", forms " << compact;
    EXPECT_EQ(ours.details, whole.details) << asked.called << ", forms " << compact;
  }
  return whole.what;
}

using lists_for = std::function<std::vector<std::string>(fault, const identity& client, bool revoked)>;

void for_each_case(const identity& client, std::string_view kind, const lists_for& lists,
                   const std::function<void(fault, bool revoked, const std::string& what)>& look) {
  for (const auto where : whereabouts) {
    for (const auto which : faults) {
      for (const bool revoked : {false, true}) {
        const auto called = fmt::format("{}, {}, {}, issuer {}", kind, to_string(which),
                                        revoked ? "revoked" : "not revoked", to_string(where));
        SCOPED_TRACE(called);
        const question asked{called, client, lists(which, client, revoked), where};
        for (const auto& each : asked.lists) EXPECT_TRUE(lookup_list::from_der(each)->is_compact());
        look(which, revoked, same_answer(asked));
      }
    }
  }
}

std::vector<identity> those(const identity& client, bool revoked) {
  return revoked ? std::vector{client} : std::vector<identity>{};
}

bool is_unsigned(fault which) { return which == fault::forged || which == fault::spliced; }

void expect_of_the_only_list(fault which, bool revoked, const std::string& what) {
  if (is_unsigned(which)) {
    EXPECT_NE(what, "good");
  } else if (revoked) {
    EXPECT_EQ(what, "revoked");
  } else {
    EXPECT_EQ(what, which == fault::stale ? "revocation_stale" : "good");
  }
}

const std::string& roots_list() {
  static const auto made = der_of_list(acme().root, {});
  return made;
}

constexpr auto only_clients = "critical,DER:30038101FF";
constexpr auto is_indirect = "critical,DER:30038401FF";
constexpr auto base_is_the_first = "critical,DER:020101";

crl_spec base_of_deltas(std::vector<identity> revoked) {
  return {.revoked = std::move(revoked), .more = {{"freshestCRL", "URI:http://acme.example/delta.crl"}}};
}

crl_spec delta(std::vector<identity> revoked) {
  return {.revoked = std::move(revoked), .number = 2, .more = {{"deltaCRL", base_is_the_first}}};
}

TEST(verdict_lists, a_complete_list_counts_the_same_in_both_forms) {
  const auto client = alice();
  const lists_for lists = [](fault which, const identity& one, bool revoked) {
    return std::vector{roots_list(), list_with(which, acme().intermediate, {.revoked = those(one, revoked)}, one)};
  };
  for_each_case(client, "complete", lists, expect_of_the_only_list);
}

TEST(verdict_lists, a_complete_list_counts_the_same_in_both_forms_where_openssl_judges) {
  const auto client = alice();
  const auto unusual = der_of_list(test::self_signed(test::root_spec("Stranger")),
                                   {.more = {{"issuingDistributionPoint", only_clients}}});
  const lists_for lists = [&](fault which, const identity& one, bool revoked) {
    return std::vector{unusual, roots_list(),
                       list_with(which, acme().intermediate, {.revoked = those(one, revoked)}, one)};
  };
  for_each_case(client, "complete beside an unusual one", lists, expect_of_the_only_list);
}

TEST(verdict_lists, a_partition_counts_the_same_in_both_forms) {
  const auto client = alice();
  const lists_for lists = [](fault which, const identity& one, bool revoked) {
    const crl_spec contents{.revoked = those(one, revoked), .more = {{"issuingDistributionPoint", only_clients}}};
    return std::vector{roots_list(), list_with(which, acme().intermediate, contents, one)};
  };
  for_each_case(client, "partition", lists, expect_of_the_only_list);
}

TEST(verdict_lists, a_delta_counts_the_same_in_both_forms) {
  const auto client = alice();
  const lists_for lists = [](fault which, const identity& one, bool revoked) {
    return std::vector{roots_list(), der_of_list(acme().intermediate, base_of_deltas({})),
                       list_with(which, acme().intermediate, delta(those(one, revoked)), one)};
  };
  for_each_case(client, "delta", lists, [](fault which, bool revoked, const std::string& what) {
    if (which == fault::none) {
      EXPECT_EQ(what, revoked ? "revoked" : "good");
    }
    if (is_unsigned(which)) {
      EXPECT_NE(what, "good");
    }
  });
}

TEST(verdict_lists, a_base_of_deltas_counts_the_same_in_both_forms) {
  const auto client = alice();
  const lists_for lists = [](fault which, const identity& one, bool revoked) {
    return std::vector{roots_list(), list_with(which, acme().intermediate, base_of_deltas(those(one, revoked)), one),
                       der_of_list(acme().intermediate, delta({}))};
  };
  for_each_case(client, "base of a delta", lists, [](fault which, bool revoked, const std::string& what) {
    // Also a base that has ended: its delta is current.
    if (which == fault::none || which == fault::stale) {
      EXPECT_EQ(what, revoked ? "revoked" : "good");
    }
    if (is_unsigned(which)) {
      EXPECT_NE(what, "good");
    }
  });
}

// The whole of it: with a distribution point that names the list's issuer, which is not the client's.
std::string points_to_list_signer() {
  const std::unique_ptr<DIST_POINT, x509::freed_by<DIST_POINT_free>> point(DIST_POINT_new());
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, GEN_DIRNAME, X509_NAME_dup(X509_get_subject_name(list_signer().certificate())));
  point->CRLissuer = GENERAL_NAMES_new();
  sk_GENERAL_NAME_push(point->CRLissuer, name);
  return "DER:" + hex_of(sequence_of(x509::der_of(point.get(), i2d_DIST_POINT)));
}

TEST(verdict_lists, a_list_of_another_issuer_counts_the_same_in_both_forms) {
  const auto client = alice(client_with([](test::spec& one) {
    one.more = {{"crlDistributionPoints", points_to_list_signer()}};
  }));
  const lists_for lists = [](fault which, const identity& one, bool revoked) {
    const crl_spec contents{.revoked = those(one, revoked), .more = {{"issuingDistributionPoint", is_indirect}}};
    return std::vector{roots_list(), list_with(which, list_signer(), contents, one)};
  };
  for_each_case(client, "indirect", lists, [](fault which, bool, const std::string& what) {
    // An entry that names no CA is about a certificate of the list's own issuer.
    if (which == fault::none) {
      EXPECT_EQ(what, "good");
    }
    if (is_unsigned(which)) {
      EXPECT_NE(what, "good");
    }
  });
}

// The path of an indirect list's signer is judged by lists too, while that list is being checked.
TEST(verdict_lists, the_signer_of_another_issuers_list_is_judged_by_lists_in_both_forms) {
  const auto client = alice(client_with([](test::spec& one) {
    one.more = {{"crlDistributionPoints", points_to_list_signer()}};
  }));
  const auto indirect = der_of_list(list_signer(), {.more = {{"issuingDistributionPoint", is_indirect}}});
  const identity forger(test::parsed(acme().root), test::make_p256_key());
  const auto empty = der_of_list(acme().root, {}), of_signer = der_of_list(acme().root, {.revoked = {list_signer()}});
  const auto where = issuer_is::only_sent;
  EXPECT_EQ(same_answer({"signer not revoked", client, {empty, indirect}, where}), "good");
  EXPECT_EQ(same_answer({"signer revoked", client, {of_signer, indirect}, where}), "revocation_unknown");
  EXPECT_EQ(same_answer({"root's list forged", client, {der_of_list(forger, {}), indirect}, where}), "no trust");
}

// With the exponent 1 everybody can sign: such a list would say of everybody that he is not on it.
TEST(verdict_lists, a_signer_with_whose_key_everybody_can_sign_proves_nobody_good) {
  const auto client = alice(client_with([](test::spec& one) {
    one.more = {{"crlDistributionPoints", points_to_list_signer()}};
  }));
  auto contents = test::intermediate_spec("Acme Lists");
  contents.with = test::make_rsa_key_of_one();
  const auto weak = issue(acme().root, contents);
  for (const auto* signer : {&list_signer(), &weak}) {
    const auto indirect = der_of_list(*signer, {.more = {{"issuingDistributionPoint", is_indirect}}});
    for (const auto form : {0U, 2U}) {
      const auto by = trust_for({"weak", client, {roots_list(), indirect}, issuer_is::only_sent}, form);
      ASSERT_TRUE(by);
      const auto judged = outcome(test::judge(**by, {client, acme().intermediate, *signer}));
      EXPECT_EQ(judged, signer == &weak ? "revocation_unknown" : "good") << "form " << form;
    }
  }
}

// Only the name inside is signed. OpenSSL does not compare the two.
TEST(verdict_lists, a_list_that_names_another_algorithm_beside_its_signature_is_not_loaded) {
  const auto good = der_of_list(acme().root, {});
  const auto parts = x509::outline_of(good).value();
  const std::string algorithm(parts.algorithm.substr(2));  // After its tag and length.
  const auto signature =
      good.substr(static_cast<std::size_t>(parts.algorithm.data() - good.data()) + parts.algorithm.size());
  const auto changed =
      sequence_of(std::string(parts.signed_part) + sequence_of(algorithm + std::string("\x05\0", 2)) + signature);
  trust_sources sources;
  sources.trusted = {test::value_of(acme().root)};
  sources.revocations = {lookup_list::from_der(good).value()};
  EXPECT_TRUE(trust::make(sources, 1));
  sources.revocations = {lookup_list::from_der(changed).value()};
  const auto made = trust::make(sources, 1);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), testing::HasSubstr("another algorithm beside its signature"));
}

// A delta that says removeFromCRL of everybody on it (RFC 5280 section 5.3.1).
std::string taking_back(const identity& client, const identity& issuer) {
  const auto made = test::make_crl(issuer, delta({client}));
  const auto* entries = X509_CRL_get_REVOKED(made.get());
  const std::unique_ptr<ASN1_ENUMERATED, x509::freed_by<ASN1_ENUMERATED_free>> reason(ASN1_ENUMERATED_new());
  ASN1_ENUMERATED_set(reason.get(), 8);
  for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
    X509_REVOKED_add1_ext_i2d(sk_X509_REVOKED_value(entries, at), NID_crl_reason, reason.get(), 0, 0);
  }
  EXPECT_GT(X509_CRL_sign(made.get(), issuer.private_key(), EVP_sha256()), 0);
  return x509::der_of(made.get(), i2d_X509_CRL);
}

// The delta takes back whom the base revokes: to let a revoked client in, no more than its signature was needed.
TEST(verdict_lists, a_delta_that_takes_a_revocation_back_is_to_be_signed_by_the_issuer) {
  const auto client = alice();
  const auto base = der_of_list(acme().intermediate, base_of_deltas({client}));
  for (const auto where : whereabouts) {
    SCOPED_TRACE(to_string(where));
    const auto with = [&](const std::string& last) {
      return same_answer({"takes back", client, {roots_list(), base, last}, where});
    };
    EXPECT_EQ(with(taking_back(client, acme().intermediate)), "good");
    const auto forged = with(taking_back(client, twin()));
    EXPECT_TRUE(forged == "revoked" || forged == "revocation_unknown" || forged == "no trust") << forged;
  }
}

}  // namespace
}  // namespace mutual::tls
