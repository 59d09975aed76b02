// Files as other tools write them, read back.

#include "x509/bundle.hpp"

#include "base/file.hpp"
#include "base/random.hpp"
#include "x509/identity.hpp"

#include <cstdlib>
#include <filesystem>

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

TEST_F(bundle_files, an_identity_is_a_key_and_its_certificate) {
  EXPECT_TRUE(load_identity(folder / "a.crt", folder / "a.key"));
  const auto wrong = load_identity(folder / "a.crt", folder / "b.key");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("b.key does not belong to the certificate in"));
  EXPECT_THAT(wrong.error().message(), HasSubstr("a.crt (CN=alice,O=Acme)"));
  EXPECT_THAT(load_identity(folder / "a.crt").error().message(), HasSubstr("name the key's file too"));
  EXPECT_THAT(load_identity(folder / "a.key").error().message(), HasSubstr("holds no certificate"));
}

}  // namespace
}  // namespace mutual::x509
