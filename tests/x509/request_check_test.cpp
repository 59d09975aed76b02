// What a request must be before an authority considers it; made by OpenSSL, as by anybody.

#include "x509/request_check.hpp"

#include "support/odd_keys.hpp"
#include "x509/bundle.hpp"
#include "x509/scratch.hpp"

#include <functional>

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;

class a_foreign_request : public ::testing::Test {
 protected:
  // What becomes of one that `openssl req` makes with this key and these extensions.
  std::string outcome(const std::string& key, const std::string& extensions = {}) const {
    folder.write("cnf", "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=bob\n[ext]\n" + extensions + "\n");
    folder.run("openssl req -new -nodes -newkey " + key + " -keyout key -out csr -config cnf" +
               (extensions.empty() ? "" : " -reqexts ext"));
    return judged("csr");
  }
  std::string judged(const std::string& file) const {
    const auto read = load_bundle(folder / file);
    return read ? judged(read->requests.front()) : read.error().message();
  }
  static std::string judged(const request& asked) {
    const auto checked = checked_request(asked);
    if (!checked) return checked.error().message();
    std::string names = "good";
    for (const auto* kind : {&checked->dns, &checked->ips, &checked->uris, &checked->emails}) {
      for (const auto& one : *kind) names += " " + one;
    }
    return names;
  }
  scratch folder;
};

TEST_F(a_foreign_request, with_a_strong_key_and_sound_names_is_considered) {
  EXPECT_EQ(outcome("rsa:2048"), "good");
  EXPECT_EQ(outcome("ed25519"), "good");
  EXPECT_EQ(outcome("ec -pkeyopt ec_paramgen_curve:P-384",
                    "subjectAltName=DNS:A.Example,IP:192.0.2.1,URI:spiffe://acme/bob,email:bob@acme.example"),
            "good a.example 192.0.2.1 spiffe://acme/bob bob@acme.example");
}

TEST_F(a_foreign_request, with_a_weak_or_odd_key_is_refused) {
  for (const char* key : {"rsa:1024", "ec -pkeyopt ec_paramgen_curve:secp256k1", "ed448",
                          "ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit"}) {
    EXPECT_THAT(outcome(key), HasSubstr("its key is")) << key;
  }
}

// A request for that key, whose signature is whatever `sign` makes of it.
request request_for(EVP_PKEY* key, const std::function<void(X509_REQ*)>& sign) {
  const x509_req_ptr made(X509_REQ_new());
  EXPECT_EQ(X509_REQ_set_pubkey(made.get(), key), 1);
  sign(made.get());
  const auto read = request::from_der(der_of(made.get(), i2d_X509_REQ));
  EXPECT_TRUE(read) << read.error().message();
  return *read;
}

void set_signature(X509_REQ* to, int algorithm, const std::string& bytes) {
  const std::unique_ptr<X509_ALGOR, freed_by<X509_ALGOR_free>> how(X509_ALGOR_new());
  X509_ALGOR_set0(how.get(), OBJ_nid2obj(algorithm), V_ASN1_UNDEF, nullptr);
  EXPECT_EQ(X509_REQ_set1_signature_algo(to, how.get()), 1);
  auto* const signature = ASN1_BIT_STRING_new();
  EXPECT_EQ(ASN1_STRING_set(signature, bytes.data(), static_cast<int>(bytes.size())), 1);
  signature->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 7L);
  signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
  X509_REQ_set0_signature(to, signature);
}

TEST_F(a_foreign_request, for_a_key_with_which_everybody_can_sign_is_refused) {
  const auto one = test::make_rsa_key_of_one();
  const auto rsa =
      request_for(one.get(), [&](X509_REQ* it) { EXPECT_GT(X509_REQ_sign(it, one.get(), EVP_sha256()), 0); });
  EXPECT_TRUE(rsa.proves_possession()) << "OpenSSL believes it";
  EXPECT_THAT(judged(rsa), HasSubstr("its key is RSA 2048, which has the public exponent 1,"));
  const auto nothing = test::make_ed25519_identity();
  const auto edwards = request_for(nothing.get(), [](X509_REQ* it) {
    set_signature(it, NID_ED25519, std::string(1, '\1') + std::string(63, '\0'));
  });
  EXPECT_TRUE(edwards.proves_possession()) << "OpenSSL believes it";
  EXPECT_THAT(judged(edwards), HasSubstr("its key is Ed25519, which is a point of small order"));
}

TEST_F(a_foreign_request, for_more_than_an_end_entity_is_refused) {
  EXPECT_THAT(outcome("ed25519", "basicConstraints=CA:TRUE"), HasSubstr("it asks to be a CA"));
  EXPECT_THAT(outcome("ed25519", "keyUsage=keyCertSign"), HasSubstr("it asks to sign certificates"));
  EXPECT_THAT(outcome("ed25519", "keyUsage=cRLSign,digitalSignature"), HasSubstr("it asks to sign certificates"));
  EXPECT_EQ(outcome("ed25519", "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature"), "good");
}

TEST_F(a_foreign_request, with_names_that_nobody_can_check_is_refused) {
  EXPECT_THAT(outcome("ed25519", "subjectAltName=otherName:1.2.3.4;UTF8:root"),
              HasSubstr("names of a kind other than"));
  EXPECT_THAT(outcome("ed25519", "subjectAltName=DNS:a b"), HasSubstr("'a b'"));
  EXPECT_THAT(outcome("ed25519", "subjectAltName=DER:0500"), HasSubstr("subjectAltName cannot be read"));
  std::string many = "subjectAltName=DNS:x";
  for (int n = 0; n < 100; ++n) many += ",DNS:x" + std::to_string(n);
  EXPECT_THAT(outcome("ed25519", many), HasSubstr("101 names"));
}

TEST_F(a_foreign_request, for_a_name_several_times_is_for_it_once) {
  EXPECT_EQ(outcome("ed25519",
                    "subjectAltName=DNS:A.example,DNS:a.EXAMPLE,DNS:b.example,DNS:a.example,IP:::1,IP:0:0::1,"
                    "email:a@b.example,email:a@b.example,URI:urn:x,URI:urn:x"),
            "good a.example b.example ::1 urn:x a@b.example");
}

TEST_F(a_foreign_request, with_several_lists_of_extensions_is_refused) {
  const auto key = private_key::generate();
  ASSERT_TRUE(key);
  const auto asking = [&](const std::vector<std::pair<int, std::string>>& lists) {
    const x509_req_ptr made(X509_REQ_new());
    EXPECT_EQ(X509_REQ_set_pubkey(made.get(), key->get()), 1);
    for (const auto& [kind, name] : lists) {
      const x509_extension_ptr one(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str()));
      STACK_OF(X509_EXTENSION)* all = sk_X509_EXTENSION_new_null();
      EXPECT_GT(sk_X509_EXTENSION_push(all, one.get()), 0);
      EXPECT_EQ(X509_REQ_add_extensions_nid(made.get(), all, kind), 1);
      sk_X509_EXTENSION_free(all);
    }
    EXPECT_GT(X509_REQ_sign(made.get(), key->get(), EVP_sha256()), 0);
    // OpenSSL adds no attribute twice, but reads it: so another one becomes an extensionRequest, and all is signed
    // anew.
    auto der = der_of(made.get(), i2d_X509_REQ);
    const std::string content_type = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03";
    if (const auto at = der.find(content_type); at != std::string::npos) der[at + content_type.size() - 1] = '\x0E';
    auto read = from_whole_der<x509_req_ptr>(der, d2i_X509_REQ);
    EXPECT_TRUE(read);
    EXPECT_GT(X509_REQ_sign(read.get(), key->get(), EVP_sha256()), 0);
    return judged(request(std::move(read)));
  };
  EXPECT_EQ(asking({{NID_ext_req, "DNS:a.example"}}), "good a.example");
  EXPECT_EQ(asking({{NID_ms_ext_req, "DNS:a.example"}}), "good a.example");
  const auto two = HasSubstr("it has 2 lists of extensions that it asks for");
  EXPECT_THAT(asking({{NID_ext_req, "DNS:a.example"}, {NID_pkcs9_contentType, "DNS:b.example"}}), two);
  EXPECT_THAT(asking({{NID_ext_req, "DNS:a.example"}, {NID_ms_ext_req, "DNS:b.example"}}), two);
}

TEST_F(a_foreign_request, that_does_not_prove_its_key_is_refused) {
  EXPECT_EQ(outcome("ed25519"), "good");
  const auto read = load_bundle(folder / "csr");
  ASSERT_TRUE(read);
  auto der = read->requests.front().der();
  der.back() = static_cast<char>(der.back() ^ 1);
  folder.write("forged", der);
  EXPECT_THAT(judged("forged"), HasSubstr("its sender may not hold that key"));
}

}  // namespace
}  // namespace mutual::x509
