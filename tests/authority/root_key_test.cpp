// The root's key: what opens it, what is said when it is not there, and what is done without it.

#include "authority/root_key.hpp"

#include "authority/init.hpp"
#include "authority/pki.hpp"
#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/scratch.hpp"

#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;

class a_root : public ::testing::Test {
 protected:
  void make(std::string_view password, const std::filesystem::path& key_file = {}) const {
    init_request request;
    request.folder = folder / "pki";
    request.organization = "Acme";
    request.clients = {"alice"};
    request.root_password = x509::secret(password);
    request.root_key_file = key_file;
    good(init(request));
  }
  pki opened() const { return good(pki::open(folder / "pki")); }
  result<x509::identity> loaded(const root_access& with) const { return load_root(good(current_root(places)), with); }
  static root_access password(std::string_view text) { return {{}, x509::secret(text), {}}; }
  // How many days the root's list has left of its year.
  void let_list_age(int days_left) const {
    const auto root = good(loaded(password("sesame")));
    const auto from = now() - std::chrono::days(365 - days_left);
    // Servers take no second list of a number that they have.
    const auto list = good(x509::make_crl({2, from, now() + std::chrono::days(days_left), {}}, root.leaf(), root.key));
    folder.write("pki/root.crl", list.der());
  }
  sys_seconds list_ends() const { return *good(x509::load_crls(places.revocation_list("root"))).front().next_update(); }
  void revoke_intermediate() const {
    auto in = opened();
    good(in.revoke(places.intermediate_certificate().string(), revocation_reason::superseded, {}));
  }

  scratch folder;
  layout places{folder / "pki"};
};

TEST_F(a_root, is_loaded_with_its_key) {
  make("");
  const auto root = good(loaded({}));
  EXPECT_TRUE(root.leaf().is_self_signed());
  EXPECT_TRUE(root.key.belongs_to(root.leaf()));
}

TEST_F(a_root, whose_key_is_encrypted_needs_its_password) {
  make("sesame");
  EXPECT_TRUE(loaded(password("sesame")));
  EXPECT_THAT(message(loaded(password("simsala"))), HasSubstr("the password that was given does not open it"));
  const auto without = loaded({});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), errc::password_needed);
  EXPECT_THAT(without.error().message(), HasSubstr("--root-password-file"));
}

TEST_F(a_root, whose_key_is_encrypted_asks_whoever_is_there_once) {
  make("sesame");
  int asked = 0;
  const root_access with{{}, {}, [&](const std::filesystem::path& of) -> result<x509::secret> {
                           EXPECT_EQ(of, places.root_key());
                           ++asked;
                           return x509::secret(std::string_view("wrong"));
                         }};
  opened_roots keys(with);
  const auto root = good(current_root(places));
  EXPECT_FALSE(keys.open(root, true));
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(keys.open(root, false));
  EXPECT_FALSE(keys.open(root, false));
  EXPECT_EQ(asked, 1);
}

TEST_F(a_root, whose_key_is_kept_away_says_so_and_takes_it_from_elsewhere) {
  make("", folder / "away.key");
  EXPECT_FALSE(std::filesystem::exists(places.root_key()));
  EXPECT_EQ(std::filesystem::status(folder / "away.key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto without = loaded({});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), errc::not_found);
  EXPECT_THAT(without.error().message(), HasSubstr("name the file where it is kept with --root-key"));
  EXPECT_TRUE(loaded({{folder / "away.key"}, {}, {}}));
  EXPECT_THAT(message(loaded({{places.intermediate_key()}, {}, {}})), HasSubstr("is not the key of the root"));
  EXPECT_THAT(message(loaded({{folder / "none"}, {}, {}})), HasSubstr("No such file"));
}

TEST_F(a_root, whose_key_is_there_beside_another_that_is_named_is_found) {
  make("");
  EXPECT_TRUE(loaded({{places.intermediate_key()}, {}, {}}));
}

TEST_F(a_root, that_cannot_be_made_whole_leaves_no_key_elsewhere) {
  init_request request;
  request.folder = folder / "pki";
  request.root_key_file = folder / "away.key";
  folder.write("away.key", "somebody's");
  EXPECT_EQ(init(request).error().code(), errc::already_exists);
  EXPECT_EQ(folder.bytes("away.key"), "somebody's");
  EXPECT_FALSE(std::filesystem::exists(folder / "pki"));
  std::filesystem::remove(folder / "away.key");
  request.clients = {std::string(65, 'x')};
  EXPECT_FALSE(init(request));
  EXPECT_FALSE(std::filesystem::exists(folder / "away.key"));
  request.clients.clear();
  request.self_signed = true;
  EXPECT_EQ(init(request).error().code(), errc::bad_usage);
}

TEST_F(a_root, is_found_though_its_key_is_not_when_a_pki_would_be_made_over_it) {
  make("", folder / "away.key");
  std::filesystem::remove(places.inventory());
  init_request request;
  request.folder = folder / "pki";
  EXPECT_THAT(message(init(request)), HasSubstr("holds a PKI already"));
}

TEST_F(a_root, whose_key_is_encrypted_is_not_needed_while_its_list_is_good) {
  make("sesame");
  auto in = opened();
  EXPECT_EQ(good(in.make_lists({})).size(), 1U);
  EXPECT_EQ(good(in.root_list_advice()), "");
  let_list_age(60);
  EXPECT_EQ(good(in.make_lists({})).size(), 1U);
  EXPECT_THAT(good(in.root_list_advice()), HasSubstr("before, which is encrypted or kept elsewhere"));
  list_options how;
  how.root = password("sesame");
  EXPECT_EQ(good(in.make_lists(how)).size(), 2U);
  EXPECT_GT(list_ends(), now() + std::chrono::days(360));
  EXPECT_EQ(good(in.root_list_advice()), "");
}

TEST_F(a_root, is_asked_for_nothing_while_its_list_is_good) {
  make("sesame");
  let_list_age(60);
  list_options how;
  how.root.ask = [](const std::filesystem::path&) -> result<x509::secret> {
    ADD_FAILURE() << "nobody needs to be asked";
    return x509::secret();
  };
  EXPECT_TRUE(opened().make_lists(how));
}

TEST_F(a_root, whose_named_key_is_of_no_use_is_told_so_once_its_list_grows_old) {
  make("sesame");
  auto in = opened();
  list_options how;
  how.root.key_files = {folder / "none"};
  EXPECT_TRUE(in.make_lists(how));
  let_list_age(60);
  EXPECT_THAT(message(in.make_lists(how)), HasSubstr("the root's key that was named could not be used"));
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 2U);
  EXPECT_TRUE(in.make_lists({}));
  // Whoever names it wants it opened.
  int asked = 0;
  how.root.key_files = {places.root_key()};
  how.root.ask = [&](const std::filesystem::path&) -> result<x509::secret> {
    ++asked;
    return x509::secret(std::string_view("sesame"));
  };
  EXPECT_EQ(good(in.make_lists(how)).size(), 2U);
  EXPECT_EQ(asked, 1);
}

TEST_F(a_root, whose_list_is_past_its_date_has_another_or_nothing_is_told_to_servers) {
  make("sesame");
  auto in = opened();
  good(in.make_lists({}));
  const auto before = folder.bytes("pki/crl.pem");
  let_list_age(0);
  const auto without = in.make_lists({});
  EXPECT_THAT(message(without), HasSubstr("missing or past its date"));
  EXPECT_THAT(message(without), HasSubstr("is encrypted: give its password"));
  EXPECT_EQ(folder.bytes("pki/crl.pem"), before);
  list_options how;
  how.root.ask = [](const std::filesystem::path&) -> result<x509::secret> {
    return x509::secret(std::string_view("sesame"));
  };
  EXPECT_EQ(good(in.make_lists(how)).size(), 2U);
}

TEST_F(a_root, whose_list_lacks_a_revoked_ca_does_not_keep_other_revocations_from_servers) {
  make("sesame");
  revoke_intermediate();
  auto in = opened();
  good(in.revoke("alice", revocation_reason::superseded, {}));
  EXPECT_THAT(message(in.make_lists({})),
              HasSubstr("a CA was revoked, but the root's revocation list does not say it"));
  const auto lists = good(x509::load_crls(places.revocation_lists()));
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_EQ(lists[0].size(), 1U);
  EXPECT_EQ(lists[1].size(), 0U);
  list_options how;
  how.root = password("sesame");
  good(in.make_lists(how));
  EXPECT_EQ(good(x509::load_crls(places.revocation_list("root"))).front().size(), 1U);
}

}  // namespace
}  // namespace mutual::authority
