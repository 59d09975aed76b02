// An authority in a folder: what is made, what is refused, and what a crash leaves.

#include "authority/pki.hpp"

#include "authority/enroll.hpp"
#include "authority/folder_lock.hpp"
#include "authority/init.hpp"
#include "authority/issue_files.hpp"
#include "authority/own_inventory.hpp"
#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/identity.hpp"
#include "x509/scratch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sys/stat.h>
#include <thread>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;
using x509::profile;

class an_authority : public ::testing::Test {
 protected:
  init_request initial(std::vector<std::string> clients = {"alice"}) const {
    init_request request;
    request.folder = folder / "pki";
    request.organization = "Acme";
    request.clients = std::move(clients);
    return request;
  }
  static issue_request client(std::string name) {
    issue_request request;
    request.name = std::move(name);
    return request;
  }
  static issue_request server(std::string name, alternative_names names = {}) {
    issue_request request;
    request.purpose = profile::server;
    request.name = std::move(name);
    request.names = std::move(names);
    return request;
  }
  pki opened() const { return good(pki::open(folder / "pki")); }
  std::set<std::string> files(const std::string& in = "pki") const {
    std::set<std::string> names;
    for (const auto& one : std::filesystem::recursive_directory_iterator(folder / in)) {
      if (!one.is_directory()) names.insert(std::filesystem::relative(one.path(), folder / in).string());
    }
    return names;
  }
  mode_t mode(const std::string& name) const {
    struct stat facts {};
    EXPECT_EQ(::stat((folder / name).c_str(), &facts), 0) << name;
    return facts.st_mode & 0777U;
  }

  scratch folder;
  layout places{folder / "pki"};
};

TEST_F(an_authority, is_made_whole_with_the_files_that_the_design_names) {
  const auto made = good(init(initial()));
  EXPECT_EQ(files(), (std::set<std::string>{"root.crt", "root.key", "intermediate.crt", "intermediate.key", "trust.crt",
                                            "inventory.db", "inventory.mark", "root.crl", "issued/localhost.crt",
                                            "issued/localhost.key", "issued/localhost.p12", "issued/alice.crt",
                                            "issued/alice.key", "issued/alice.p12"}));
  ASSERT_EQ(made.issued.size(), 2U);
  EXPECT_EQ(made.issued[1].p12_file, places.p12("alice"));
  EXPECT_EQ(made.issued[0].leaf.names().dns, std::vector<std::string>{"localhost"});
  EXPECT_EQ(made.issued[0].leaf.names().ips, (std::vector<std::string>{"127.0.0.1", "::1"}));
  const auto who = good(x509::load_identity(places.certificate("alice"), places.key("alice")));
  EXPECT_EQ(who.chain.size(), 2U);
  EXPECT_EQ(who.leaf().subject(), "CN=alice,O=Acme");
  EXPECT_EQ(good(x509::load_identity(places.p12("alice"))).chain.size(), 2U);
}

TEST_F(an_authority, keeps_its_keys_to_its_owner) {
  const mode_t before = ::umask(0);
  good(init(initial()));
  good(opened().issue(client("bob")));
  ::umask(before);
  for (const char* name : {"root.key", "intermediate.key", "inventory.db", "issued/alice.key", "issued/alice.p12",
                           "issued/bob.key", "issued/bob.p12", "issued/localhost.key", "issued/localhost.p12"}) {
    EXPECT_EQ(mode(std::string("pki/") + name), 0600U) << name;
  }
  EXPECT_EQ(mode("pki/trust.crt"), 0644U);
}

TEST_F(an_authority, is_not_made_over_another) {
  good(init(initial()));
  const auto key = folder.bytes("pki/root.key");
  const auto before = files();
  auto again = initial();
  again.organization = "Other";
  EXPECT_THAT(message(init(again)), HasSubstr("holds a PKI already"));
  again.self_signed = true;
  EXPECT_EQ(init(again).error().code(), errc::already_exists);
  EXPECT_EQ(folder.bytes("pki/root.key"), key);
  EXPECT_EQ(files(), before);
}

TEST_F(an_authority, is_made_in_an_empty_folder_but_in_no_other) {
  std::filesystem::create_directories(folder / "pki");
  good(init(initial()));
  auto request = initial();
  request.folder = folder / "other";
  std::filesystem::create_directories(folder / "other");
  folder.write("other/notes", "mine");
  EXPECT_THAT(message(init(request)), HasSubstr("is no empty folder"));
  EXPECT_EQ(files("other"), std::set<std::string>{"notes"});
  request.folder = folder / "file";
  folder.write("file", "mine");
  EXPECT_THAT(message(init(request)), HasSubstr("is no empty folder"));
  EXPECT_EQ(folder.bytes("file"), "mine");
}

TEST_F(an_authority, that_cannot_be_finished_leaves_nothing_behind) {
  for (const auto& spoil : std::vector<void (*)(init_request&)>{
           [](init_request& of) { of.clients = {"../evil"}; },
           [](init_request& of) {
             of.clients = {"a", "a"};
           },
           [](init_request& of) { of.clients = {std::string(65, 'x')}; }, [](init_request& of) { of.hosts = {"a b"}; },
           [](init_request& of) { of.hosts = {"spiffe://a/b"}; }, [](init_request& of) { of.organization = ""; },
           [](init_request& of) { of.organization = std::string(49, 'o'); },
           [](init_request& of) { of.organization = "a\nb"; },
           [](init_request& of) { of.folder = of.folder / "deep" / "deeper", of.organization = "\xFF"; }}) {
    auto request = initial();
    spoil(request);
    EXPECT_FALSE(init(request));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
}

TEST_F(an_authority, cannot_be_made_where_a_file_is_in_the_way) {
  folder.write("file", "mine");
  auto request = initial();
  request.folder = folder / "file/pki";
  EXPECT_THAT(message(init(request)), HasSubstr((folder / "file").string()));
  EXPECT_EQ(folder.bytes("file"), "mine");
}

TEST_F(an_authority, can_be_made_deep_down) {
  auto request = initial();
  request.folder = folder / "a/b/pki/";
  good(init(request));
  EXPECT_TRUE(std::filesystem::exists(folder / "a/b/pki/trust.crt"));
}

TEST_F(an_authority, names_the_server_after_its_first_host_and_answers_for_all) {
  auto request = initial({});
  request.hosts = {"*.Example.com", "example.com", "192.0.2.1"};
  const auto made = good(init(request));
  EXPECT_EQ(made.issued[0].name, "example.com");
  EXPECT_EQ(made.issued[0].leaf.names().dns, (std::vector<std::string>{"*.example.com", "example.com"}));
  EXPECT_EQ(made.issued[0].leaf.names().ips, std::vector<std::string>{"192.0.2.1"});
}

TEST_F(an_authority, of_self_signed_certificates_pins_each_and_issues_nothing_more) {
  auto request = initial();
  request.self_signed = true;
  good(init(request));
  EXPECT_FALSE(std::filesystem::exists(places.root_key()));
  const auto trusted = good(x509::load_certificates(places.trust()));
  ASSERT_EQ(trusted.size(), 2U);
  for (const auto& one : trusted) {
    EXPECT_TRUE(one.is_self_signed());
    EXPECT_FALSE(one.is_ca());
  }
  EXPECT_EQ(good(x509::load_identity(places.p12("alice"))).leaf(), trusted[1]);
  EXPECT_THAT(message(opened().issue(client("bob"))), HasSubstr("has no authority to issue with"));
  EXPECT_EQ(good(opened().list()).size(), 2U);
}

TEST_F(an_authority, issues_what_is_asked_for) {
  good(init(initial()));
  auto pki = opened();
  auto request = client("bob");
  request.names = {{}, {"spiffe://acme/ops/bob"}, {"bob@acme.example"}, {}};
  request.kind = x509::key_kind::ed25519;
  request.lifetime = std::chrono::days(30);
  const auto bob = good(pki.issue(request));
  EXPECT_EQ(bob.leaf.names().uris, std::vector<std::string>{"spiffe://acme/ops/bob"});
  EXPECT_EQ(bob.leaf.key_description(), "Ed25519");
  EXPECT_LE(bob.leaf.not_after(), now() + std::chrono::days(30));
  EXPECT_TRUE(bob.leaf.allows_client() && !bob.leaf.allows_server());

  EXPECT_EQ(good(pki.issue(server("a.example"))).leaf.names().dns, std::vector<std::string>{"a.example"});
  const auto web = good(pki.issue(server("web", {{"www.a.example"}, {}, {}, {}})));
  EXPECT_EQ(web.leaf.names().dns, std::vector<std::string>{"www.a.example"});
  EXPECT_EQ(good(pki.issue(server("localhost2", {{"localhost"}, {}, {}, {}}))).leaf.names().ips.size(), 0U);
}

TEST_F(an_authority, gives_nobody_the_name_of_a_serial_number) {
  good(init(initial()));
  auto pki = opened();
  const auto serial = good(x509::load_certificates(places.certificate("alice"))).front().serial();
  std::string spelled = "0x";
  for (std::size_t at = 0; at < serial.size(); at += 2) spelled += (at > 0 ? ":" : "") + serial.substr(at, 2);
  auto shouted = serial;
  std::transform(shouted.begin(), shouted.end(), shouted.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto key = good(x509::private_key::generate());
  for (const auto& name : {serial, spelled, shouted, std::string(40, 'f'), "0" + std::string(39, 'a')}) {
    EXPECT_THAT(message(pki.issue(client(name))), HasSubstr("who revokes that could mean either")) << name;
    const auto request = good(x509::request::make(key, {name, {}, {}}, {}));
    EXPECT_THAT(message(pki.sign({request, profile::client, {}, {}, {}})), HasSubstr("could mean either")) << name;
    certified what;
    what.name = name;
    what.key = key.get();
    EXPECT_THAT(message(pki.certify(what)), HasSubstr("could mean either")) << name;
    token_request token;
    token.name = name;
    EXPECT_THAT(message(make_token(pki, token)), HasSubstr("could mean either")) << name;
  }
  good(pki.issue(client("deadbeef")));
  good(pki.issue(client(std::string(39, 'a'))));
  EXPECT_EQ(good(pki.revoke(serial, revocation_reason::superseded, {})).size(), 1U);
}

TEST_F(an_authority, refuses_what_makes_no_sense) {
  good(init(initial()));
  auto pki = opened();
  EXPECT_THAT(message(pki.issue(server("my web"))), HasSubstr("is no host name or IP address"));
  EXPECT_THAT(message(pki.issue(server("my web", {{}, {"spiffe://a/b"}, {}, {}}))),
              HasSubstr("is no host name or IP address"));
  auto request = client("bob");
  request.lifetime = std::chrono::days(3000);
  EXPECT_THAT(message(pki.issue(request)), HasSubstr("cannot outlive its issuer"));
  request.lifetime = std::chrono::days(40000);
  EXPECT_FALSE(pki.issue(request));
  for (const char* name : {"", ".", "..", ".hidden", "-x", "a/b", "a\\b", "*", "a\nb", "a\"b", " a", "a ", "\xFF"}) {
    EXPECT_EQ(pki.issue(client(name)).error().code(), errc::bad_usage) << name;
  }
  EXPECT_FALSE(pki.issue(client(std::string(129, 'a'))));
  EXPECT_TRUE(pki.issue(client("이영희")));
}

TEST_F(an_authority, never_overwrites_what_it_has_issued_or_what_lies_there) {
  good(init(initial()));
  const auto key = folder.bytes("pki/issued/alice.key");
  auto pki = opened();
  EXPECT_THAT(message(pki.issue(client("alice"))), HasSubstr("'alice' was issued already, as a client"));
  EXPECT_FALSE(pki.issue(server("alice", {{"a.example"}, {}, {}, {}})));
  EXPECT_EQ(folder.bytes("pki/issued/alice.key"), key);
  // Not even when its files were moved away: the certificate is out there.
  std::filesystem::remove(places.certificate("alice"));
  EXPECT_FALSE(pki.issue(client("alice")));
  for (const char* name : {"carol.key", "dave.crt", "eve.p12"}) {
    folder.write(std::string("pki/issued/") + name, "mine");
    const std::string who(name, std::string_view(name).find('.'));
    EXPECT_THAT(message(pki.issue(client(who))), HasSubstr("exists already and is not overwritten"));
    EXPECT_EQ(folder.bytes(std::string("pki/issued/") + name), "mine");
  }
  EXPECT_EQ(good(pki.list()).size(), 4U);
}

TEST_F(an_authority, protects_a_pkcs12_with_the_password_that_is_given) {
  good(init(initial()));
  auto request = client("bob");
  request.p12_password = x509::secret(std::string_view("sesame"));
  good(opened().issue(request));
  EXPECT_FALSE(x509::load_bundle(places.p12("bob")));
  EXPECT_TRUE(x509::load_bundle(places.p12("bob"), "sesame"));
}

TEST_F(an_authority, says_what_is_missing) {
  EXPECT_THAT(message(pki::open(folder / "none")), HasSubstr("there is no PKI in"));
  good(init(initial()));
  std::filesystem::rename(places.inventory(), folder / "elsewhere");
  EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("there is no inventory at"));
  folder.write("pki/inventory.db", std::string(5000, 'x'));
  EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("is not an inventory, or a damaged one"));
  std::filesystem::remove(places.inventory());
  std::filesystem::rename(folder / "elsewhere", places.inventory());
  std::filesystem::remove(places.intermediate_key());
  EXPECT_THAT(message(opened().issue(client("bob"))), HasSubstr("intermediate.key"));
  std::filesystem::copy_file(places.root_key(), places.intermediate_key());
  EXPECT_THAT(message(opened().issue(client("bob"))), HasSubstr("does not belong to the certificate"));
}

// What a process that was killed after `inventory_->add` leaves: the record, and the key under its staged name.
record interrupted(const layout& places, const std::string& name, const std::string& password = {}) {
  const auto issuer = good(x509::load_identity(places.intermediate_certificate(), places.intermediate_key()));
  const auto key = good(x509::private_key::generate());
  const auto spec = good(x509::describe_certificate(profile::client, {name, {}, {}}, {}, key, std::chrono::hours(24)));
  const auto leaf = good(x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  auto entry = to_record(leaf, name, profile::client, !password.empty());
  EXPECT_TRUE(stage_key(places, key, entry.serial));
  EXPECT_TRUE(good(open_inventory(places.inventory()))->add(entry));
  return entry;
}

TEST_F(an_authority, finishes_what_was_interrupted_after_the_record) {
  good(init(initial()));
  interrupted(places, "bob");
  good(opened().issue(client("carol")));
  const auto bob = good(x509::load_identity(places.certificate("bob"), places.key("bob")));
  EXPECT_EQ(bob.chain.size(), 2U);
  EXPECT_TRUE(x509::load_identity(places.p12("bob")));
  EXPECT_EQ(mode("pki/issued/bob.key"), 0600U);
  EXPECT_FALSE(pki(opened()).issue(client("bob")));
  for (const auto& one : good(opened().list())) EXPECT_EQ(one.state, record_state::issued) << one.name;
  for (const auto& name : files()) EXPECT_THAT(name, ::testing::Not(HasSubstr("issued/."))) << name;
}

TEST_F(an_authority, finishes_without_the_pkcs12_whose_password_it_cannot_know) {
  good(init(initial()));
  interrupted(places, "bob", "sesame");
  good(opened().issue(client("carol")));
  EXPECT_TRUE(x509::load_identity(places.certificate("bob"), places.key("bob")));
  EXPECT_FALSE(std::filesystem::exists(places.p12("bob")));
}

TEST_F(an_authority, gives_up_a_certificate_whose_key_never_reached_the_disk) {
  good(init(initial()));
  const auto lost = interrupted(places, "bob");
  std::filesystem::remove(staged_key(places, lost.serial));
  good(opened().issue(client("bob")));
  EXPECT_NE(good(x509::load_certificates(places.certificate("bob"))).front().serial(), lost.serial);
  const auto all = good(opened().list());
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const record& one) {
    return one.serial == lost.serial && one.state == record_state::lost;
  }));
}

TEST_F(an_authority, sweeps_away_what_belongs_to_nothing) {
  good(init(initial()));
  const auto before = files();
  folder.write("pki/issued/." + std::string(40, 'a') + ".key", "orphan");
  folder.write("pki/issued/zoe.key.new-0123456789abcdef", "half");
  folder.write("pki/issued/notes.txt", "mine");
  good(opened().issue(client("bob")));
  auto after = files();
  for (const char* name : {"issued/bob.crt", "issued/bob.key", "issued/bob.p12", "issued/notes.txt"}) after.erase(name);
  after.erase("inventory.db-wal"), after.erase("inventory.db-shm");
  EXPECT_EQ(after, before);
}

TEST_F(an_authority, finishes_what_was_killed_just_before_it_was_noted) {
  good(init(initial()));
  const auto bob = good(opened().issue(client("bob")));
  {
    auto in = good(open_inventory(places.inventory()));
    ASSERT_TRUE(in->set_state(bob.leaf.serial(), record_state::recorded));
  }
  EXPECT_TRUE(opened().issue(client("carol")));
  const auto in = good(open_inventory(places.inventory()));
  EXPECT_EQ(good(in->find("bob"))->state, record_state::issued);
}

TEST_F(an_authority, is_changed_by_one_at_a_time) {
  good(init(initial()));
  const auto held = folder_lock::take(places.folder());
  ASSERT_TRUE(held);
  EXPECT_EQ(folder_lock::take(places.folder(), std::chrono::milliseconds(20)).error().code(), errc::timed_out);
}

TEST_F(an_authority, serves_many_at_once) {
  good(init(initial()));
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([this, worker] {
      auto mine = opened();
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(mine.issue(client(fmt::format("w{}-{}", worker, i))));
    });
  }
  for (auto& one : threads) one.join();
  std::set<std::string> serials;
  for (const auto& one : good(opened().list())) serials.insert(one.serial);
  EXPECT_EQ(serials.size(), 4U + 20U);
}

TEST_F(an_authority, of_one_name_issues_one_certificate_however_many_ask) {
  good(init(initial()));
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 6; ++worker) {
    threads.emplace_back([&] { won += opened().issue(client("bob")) ? 1 : 0; });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(won, 1);
  EXPECT_TRUE(x509::load_identity(places.certificate("bob"), places.key("bob")));
}

TEST_F(an_authority, makes_no_list_of_a_ca_that_its_inventory_does_not_know) {
  good(init(initial()));
  auto other = initial();
  other.folder = folder / "other";
  good(init(other));
  auto mine = opened();
  good(mine.make_lists({}));
  const auto list = folder.bytes("pki/crl.pem");
  for (const char* name : {"intermediate.crt", "intermediate.key"}) {
    std::filesystem::copy_file(folder / "other" / name, folder / "pki" / name,
                               std::filesystem::copy_options::overwrite_existing);
  }
  EXPECT_THAT(message(mine.make_lists({})), HasSubstr("knows no CA 'CN=Acme Intermediate CA,O=Acme' with the serial"));
  EXPECT_EQ(folder.bytes("pki/crl.pem"), list);
}

TEST_F(an_authority, takes_an_inventory_for_its_own_that_knows_its_root_or_its_intermediate) {
  good(init(initial()));
  auto other = initial();
  other.folder = folder / "other";
  good(init(other));
  const auto mine = good(open_inventory(places.inventory()));
  EXPECT_THAT(message(check_is_own(layout(folder / "other"), *mine)), HasSubstr("the inventory of another PKI than"));
  good(check_is_own(places, *mine));
  std::filesystem::remove(places.intermediate_certificate());
  good(check_is_own(places, *mine));
  folder.write("pki/root.crt", "half");
  EXPECT_THAT(message(check_is_own(places, *mine)), HasSubstr("root.crt"));
}

TEST(the_pki_folder, is_the_one_given_or_the_one_here_or_the_environments) {
  const scratch folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  ::unsetenv("MUTUAL_PKI");
  EXPECT_EQ(pki_folder({}), "pki");
  ::setenv("MUTUAL_PKI", "/elsewhere", 1);
  EXPECT_EQ(pki_folder({}), "/elsewhere");
  EXPECT_EQ(pki_folder("mine"), "mine");
  std::filesystem::create_directory("pki");
  EXPECT_EQ(pki_folder({}), "pki");
  ::unsetenv("MUTUAL_PKI");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace mutual::authority
