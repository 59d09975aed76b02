// Files as other tools write them, read back.

#include "x509/bundle.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "x509/builder.hpp"
#include "x509/identity.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;

class bundle_files : public ::testing::Test {
 protected:
  bundle_files() : folder(std::filesystem::temp_directory_path() / ("mutual-bundle-" + random_hex(8))) {
    std::filesystem::create_directories(folder);
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /O=Acme/CN=alice "
        "-addext subjectAltName=DNS:a.example,URI:spiffe://acme/a,email:a@b.example,IP:192.0.2.1,IP:2001:db8::1 "
        "-keyout a.key -out a.crt");
    openssl("req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=other -keyout b.key -out b.crt");
  }
  ~bundle_files() override { std::filesystem::remove_all(folder); }
  bundle_files(const bundle_files&) = delete;
  bundle_files& operator=(const bundle_files&) = delete;

  void openssl(const std::string& arguments) const {
    const auto line = "cd " + folder.string() + " && openssl " + arguments + " >/dev/null 2>log";
    ASSERT_EQ(std::system(line.c_str()), 0) << line << "\n" << *file::read(folder / "log");
  }
  std::string bytes(const std::string& name) const { return *file::read(folder / name); }
  result<bundle> load(const std::string& name, std::string_view password = {}) const {
    return load_bundle(folder / name, password);
  }
  std::string failure(const std::string& name, std::string_view password = {}) const {
    auto read = load(name, password);
    return read ? "(no failure)" : read.error().message();
  }

  std::filesystem::path folder;
};

TEST_F(bundle_files, a_pem_certificate_says_who_it_is) {
  const auto read = load("a.crt");
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->certificates.size(), 1U);
  const auto& one = read->certificates[0];
  EXPECT_EQ(one.subject(), "CN=alice,O=Acme");
  EXPECT_EQ(one.common_name(), "alice");
  EXPECT_EQ(one.organizations(), std::vector<std::string>{"Acme"});
  EXPECT_EQ(one.names().dns, std::vector<std::string>{"a.example"});
  EXPECT_EQ(one.names().uris, std::vector<std::string>{"spiffe://acme/a"});
  EXPECT_EQ(one.names().emails, std::vector<std::string>{"a@b.example"});
  EXPECT_EQ(one.names().ips, (std::vector<std::string>{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(one.key_description(), "P-256");
  EXPECT_EQ(one.sha256().size(), 64U);
  EXPECT_TRUE(one.is_self_signed());
  EXPECT_EQ(one.not_after() - one.not_before(), std::chrono::days(9));
}

TEST_F(bundle_files, pem_der_and_pkcs12_are_told_apart_by_content) {
  openssl("x509 -in a.crt -outform DER -out cert.pem");
  openssl("pkcs8 -topk8 -nocrypt -in a.key -outform DER -out key.txt");
  openssl("ec -in a.key -outform DER -out old.txt");
  openssl("pkcs12 -export -in a.crt -inkey a.key -certfile b.crt -passout pass: -out all.crt");
  EXPECT_EQ(load("cert.pem")->certificates.size(), 1U);
  EXPECT_TRUE(load("key.txt")->key);
  EXPECT_TRUE(load("old.txt")->key);
  const auto all = load("all.crt");
  ASSERT_TRUE(all) << all.error().message();
  EXPECT_TRUE(all->key);
  ASSERT_EQ(all->certificates.size(), 2U);
  EXPECT_EQ(all->certificates[0].common_name(), "alice");
}

TEST_F(bundle_files, a_pkcs12_opens_with_its_password_only) {
  openssl("pkcs12 -export -in a.crt -inkey a.key -passout pass:secret -out a.p12");
  const auto read = load("a.p12", "secret");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->key->belongs_to(read->certificates[0]));
  EXPECT_THAT(failure("a.p12"), HasSubstr("a.p12: it is encrypted, and no password was given"));
  EXPECT_THAT(failure("a.p12", "wrong"), HasSubstr("a.p12: the password that was given does not open it"));
}

TEST_F(bundle_files, a_legacy_pkcs12_opens_where_the_legacy_provider_is) {
  openssl("pkcs12 -export -legacy -in a.crt -inkey a.key -passout pass:changeit -out a.p12");
  const auto read = load("a.p12", "changeit");
  if (!read) {
    EXPECT_THAT(read.error().message(), HasSubstr("legacy provider"));
  } else {
    EXPECT_TRUE(read->key->belongs_to(read->certificates[0]));
  }
  EXPECT_THAT(failure("a.p12", "wrong"), HasSubstr("the password that was given does not open it"));
}

TEST_F(bundle_files, encrypted_keys_open_with_their_password_only) {
  openssl("pkcs8 -topk8 -in a.key -passout pass:secret -out new.key");
  openssl("pkcs8 -topk8 -in a.key -passout pass:secret -outform DER -out new.der");
  openssl("pkcs8 -topk8 -scrypt -in a.key -passout pass:secret -out scrypt.key");
  openssl("rsa -in b.key -aes128 -traditional -passout pass:secret -out old.key");
  for (const char* name : {"new.key", "new.der", "scrypt.key", "old.key"}) {
    EXPECT_TRUE(load(name, "secret")) << name << failure(name, "secret");
    EXPECT_THAT(failure(name), HasSubstr("no password was given")) << name;
    EXPECT_THAT(failure(name, "wrong"), HasSubstr("the password that was given does not open it")) << name;
  }
}

// Such a key has nothing that a password is checked by, so a wrong one seems to open it now and then.
TEST_F(bundle_files, old_encrypted_keys_blame_the_password_whatever_it_makes_of_them) {
  openssl("rsa -in b.key -aes128 -traditional -passout pass:secret -out old.key");
  for (int count = 0; count < 1200; ++count) {
    EXPECT_THAT(failure("old.key", "wrong" + std::to_string(count)),
                HasSubstr("the password that was given does not open it"));
  }
}

TEST_F(bundle_files, an_identity_is_a_key_and_its_certificate) {
  EXPECT_TRUE(load_identity(folder / "a.crt", folder / "a.key"));
  const auto wrong = load_identity(folder / "a.crt", folder / "b.key");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("b.key does not belong to the certificate in"));
  EXPECT_THAT(wrong.error().message(), HasSubstr("a.crt (CN=alice,O=Acme)"));
  EXPECT_THAT(load_identity(folder / "a.crt").error().message(), HasSubstr("name the key's file too"));
  EXPECT_THAT(load_identity(folder / "a.key").error().message(), HasSubstr("holds no certificate"));
}

TEST_F(bundle_files, what_a_password_protects_is_opened_within_a_limit) {
  openssl("pkcs12 -export -in a.crt -inkey a.key -iter 3000 -passout pass:secret -out a.p12");
  openssl("pkcs12 -export -nomac -in a.crt -inkey a.key -iter 3000 -passout pass:secret -out nomac.p12");
  openssl("pkcs8 -topk8 -iter 3000 -in a.key -passout pass:secret -out new.key");
  openssl("pkcs8 -topk8 -iter 3000 -v1 PBE-SHA1-3DES -in a.key -passout pass:secret -out v1.key");
  openssl("pkcs8 -topk8 -scrypt -in a.key -passout pass:secret -out scrypt.key");
  for (const char* name : {"a.p12", "nomac.p12", "new.key", "v1.key", "scrypt.key"}) {
    const auto refused = read_bundle(bytes(name), "secret", name, {.key_derivation_rounds = 2999});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code(), errc::limit_exceeded) << name;
    EXPECT_THAT(refused.error().message(), HasSubstr("more than we spend on one file")) << name;
    EXPECT_TRUE(load(name, "secret")) << name << failure(name, "secret");
  }
}

TEST_F(bundle_files, a_pkcs12_without_a_mac_opens_and_a_wrong_password_shows_all_the_same) {
  openssl("pkcs12 -export -nomac -in a.crt -inkey a.key -passout pass:secret -out a.p12");
  openssl("pkcs12 -export -nomac -keypbe NONE -certpbe NONE -in a.crt -inkey a.key -passout pass: -out plain.p12");
  EXPECT_TRUE(load("a.p12", "secret"));
  EXPECT_THAT(failure("a.p12", "wrong"), HasSubstr("the password that was given does not open it"));
  EXPECT_EQ(load("a.p12").error().code(), errc::password_needed);
  EXPECT_TRUE(load("plain.p12"));
}

TEST_F(bundle_files, a_pkcs12_of_certificates_alone_is_a_list_of_them) {
  openssl("pkcs12 -export -nokeys -in a.crt -certfile b.crt -passout pass:secret -out trust.p12");
  const auto read = load("trust.p12", "secret");
  ASSERT_TRUE(read) << failure("trust.p12", "secret");
  EXPECT_FALSE(read->key);
  EXPECT_EQ(read->certificates.size(), 2U);
}

TEST_F(bundle_files, a_pkcs12_whose_mac_is_of_a_kind_that_we_lack_says_so) {
  openssl(
      "pkcs12 -export -macalg md4 -in a.crt -inkey a.key -passout pass:secret -out a.p12 -provider legacy -provider "
      "default");
  EXPECT_THAT(failure("a.p12", "secret"), HasSubstr("legacy provider"));
}

TEST_F(bundle_files, the_keys_certificate_comes_first_wherever_it_stood) {
  const auto mixed = bytes("b.crt") + "some words\n" + bytes("a.crt") + bytes("a.key");
  const auto read = read_bundle(mixed, {}, "mixed");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->certificates[0].common_name(), "alice");
  EXPECT_EQ(read->certificates[1].common_name(), "other");
}

TEST_F(bundle_files, pem_is_read_as_other_systems_write_it) {
  auto windows = bytes("a.crt");
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) windows.insert(at, "\r");
  EXPECT_EQ(read_bundle("\xEF\xBB\xBF" + windows, {}, "windows")->certificates.size(), 1U);
  openssl("x509 -in a.crt -trustout -addtrust clientAuth -out trusted.pem");
  EXPECT_EQ(load("trusted.pem")->certificates, load("a.crt")->certificates);
  openssl("ecparam -name prime256v1 -genkey -out parameters.pem");
  EXPECT_TRUE(load("parameters.pem")->key);
  openssl("x509 -in a.crt -text -out text.pem");
  EXPECT_EQ(load("text.pem")->certificates.size(), 1U);
}

TEST_F(bundle_files, nothing_that_is_damaged_is_taken_for_less) {
  const auto whole = bytes("a.crt");
  auto indented = whole + " " + bytes("b.crt");
  EXPECT_THAT(read_bundle(indented, {}, "w").error().message(), HasSubstr("PEM block 2 of 2 is damaged or cut off"));
  EXPECT_THAT(read_bundle(whole + whole.substr(0, 100), {}, "w").error().message(), HasSubstr("PEM block 2 of 2"));
  const auto der = load("a.crt")->certificates[0].der();
  EXPECT_FALSE(read_bundle(der + "x", {}, "w"));
  for (std::size_t size = 0; size < der.size(); size += 7) EXPECT_FALSE(read_bundle(der.substr(0, size), {}, "w"));
}

TEST_F(bundle_files, revocation_lists_are_read_however_their_lines_are_written) {
  openssl("ecparam -name prime256v1 -genkey -noout -out ca.key");
  openssl("req -x509 -key ca.key -subj /CN=ca -out ca.crt");
  const auto ca = load("ca.crt")->certificates.front();
  crl_spec spec;
  for (int at = 0; at < 20; ++at) {
    spec.revoked.push_back({fmt::format("7f{:02x}", at), now()});
    const auto list = make_crl(spec, ca, *load("ca.key")->key).value();
    const auto pem = list.pem();
    std::string windows, indented = " " + pem;
    for (const char c : pem) windows += c == '\n' ? "\r\n" : std::string(1, c);
    const auto reads = [&](const std::string& text, std::size_t lists) {
      const auto read = read_bundle(ca.pem() + text + ca.pem(), {}, "w");
      EXPECT_TRUE(read && read->certificates.size() == 2 && read->crls.size() == lists) << text;
      for (std::size_t one = 0; read && one < lists; ++one) EXPECT_EQ(read->crls[one].der(), list.der());
      const auto judged_by = read_bundle_to_judge_by(ca.pem() + text, "w");
      EXPECT_TRUE(judged_by && judged_by->lookup_lists.size() == lists && judged_by->crls.empty()) << text;
    };
    reads(pem, 1);
    reads(windows, 1);
    reads("what it is\n" + pem + "and\n" + pem + windows + pem, 4);
    EXPECT_THAT(read_bundle(pem + indented, {}, "w").error().message(), HasSubstr("PEM block 2 of 2"));
    auto changed = pem;
    changed[pem.size() / 2] = '!';
    EXPECT_THAT(read_bundle(pem + changed, {}, "w").error().message(), HasSubstr("PEM block 2 of 2"));
    const auto twice_ended = pem.substr(0, pem.find('\n', 40)) + "==" + pem.substr(pem.find('\n', 40));
    EXPECT_FALSE(read_bundle(twice_ended, {}, "w"));
    EXPECT_FALSE(read_bundle("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n", {}, "w"));
  }
}

TEST_F(bundle_files, a_list_is_found_among_others_without_reading_those_before_it) {
  openssl("ecparam -name prime256v1 -genkey -noout -out ca.key");
  openssl("req -x509 -key ca.key -subj /CN=ca -out ca.crt");
  const auto ca = load("ca.crt")->certificates.front();
  crl_spec spec;
  std::vector<crl> lists;
  std::string pem;
  for (spec.number = 1; spec.number <= 3; ++spec.number) {
    lists.push_back(make_crl(spec, ca, *load("ca.key")->key).value());
    pem += lists.back().pem();
  }
  int read = 0;
  const auto found = [&](const std::string& text, const std::string& number) {
    read = 0;
    return find_list(text, [&](const lookup_list& one) { return ++read, one.number() == number; });
  };
  EXPECT_EQ(found(pem, "2"), lists[1].der());
  EXPECT_EQ(read, 2);
  EXPECT_FALSE(found(pem, "4"));
  EXPECT_EQ(read, 3);
  // One that is damaged is none, and keeps nobody from the others.
  EXPECT_FALSE(found(pem.substr(0, pem.size() - 30), "3"));
  EXPECT_EQ(found(pem.substr(0, pem.size() - 30), "1"), lists[0].der());
  EXPECT_EQ(found(pem.substr(30), "3"), lists[2].der());
  EXPECT_FALSE(found(pem.substr(30), "1"));
  EXPECT_FALSE(found("", "1"));
}

TEST_F(bundle_files, only_revocation_lists_may_be_larger_than_any_key_or_certificate) {
  openssl("ecparam -name prime256v1 -genkey -noout -out ca.key");
  openssl("req -x509 -key ca.key -subj /CN=ca -out ca.crt");
  const auto ca = load("ca.crt")->certificates.front();
  const auto key = load("ca.key")->key;
  crl_spec spec;
  spec.this_update = now();
  spec.next_update = now() + std::chrono::hours(1);
  for (int at = 0; at < 200'000; ++at) spec.revoked.push_back({fmt::format("7f{:038x}", at), spec.this_update});
  const auto list = make_crl(spec, ca, *key);
  ASSERT_TRUE(list);
  const auto pem = list->pem(), der = list->der();
  ASSERT_GT(der.size(), file::default_limit);
  std::ofstream(folder / "list.pem") << ca.pem() << pem << ca.pem();
  std::ofstream(folder / "list.der") << der;

  EXPECT_EQ(load_bundle_with_lists(folder / "list.pem")->certificates.size(), 2U);
  for (const auto* name : {"list.pem", "list.der"}) {
    const auto lists = load_crls(folder / name);
    ASSERT_TRUE(lists) << lists.error().message();
    EXPECT_EQ(lists->front().size(), 200'000U);
    EXPECT_EQ(load(name).error().code(), errc::limit_exceeded) << "where a key or a certificate is expected";
  }
  EXPECT_EQ(read_bundle(der, {}, "list").error().code(), errc::limit_exceeded);

  std::string certificates = pem;
  while (certificates.size() < pem.size() + 2 * file::default_limit) certificates += ca.pem();
  const auto many = read_bundle_with_lists(certificates, {}, "many");
  EXPECT_EQ(many.error().code(), errc::limit_exceeded);
  EXPECT_THAT(many.error().message(), HasSubstr("only revocation lists may be"));
  const auto other =
      read_bundle_with_lists(std::string("\x30\x84\x00\x50\x00\x00", 6) + std::string(0x500000, 'x'), {}, "other");
  EXPECT_EQ(other.error().code(), errc::limit_exceeded);
}

TEST_F(bundle_files, a_key_pair_for_a_chain_is_put_in_order) {
  openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=root -keyout root.key -out root.crt");
  openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=middle -CA root.crt -CAkey root.key "
      "-keyout middle.key -out middle.crt");
  openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf -CA middle.crt -CAkey middle.key "
      "-addext basicConstraints=CA:FALSE -keyout leaf.key -out leaf.crt");
  std::ofstream(folder / "all.pem") << bytes("root.crt") << bytes("b.crt") << bytes("middle.crt") << bytes("leaf.crt");
  const auto who = load_identity(folder / "all.pem", folder / "leaf.key");
  ASSERT_TRUE(who) << who.error().message();
  ASSERT_EQ(who->chain.size(), 2U);
  EXPECT_EQ(who->chain[0].common_name(), "leaf");
  EXPECT_EQ(who->chain[1].common_name(), "middle");
}

}  // namespace
}  // namespace mutual::x509
