// Our server and our client about the same refusal: the reason in the server's log is the one that the client tells,
// wherever the alert that lies between them allows it.

#include "client/live.hpp"
#include "support/captured_log.hpp"
#include "support/service.hpp"

namespace mutual::client {
namespace {

using namespace mutual::test;

struct meeting {
  std::string what;
  std::optional<x509::identity> own;
  reason logged;
  bool certain = true;  ///< The client can tell that one reason; else it is among those that it tells.
  bool revocations = false;
};

spec dated(std::chrono::hours begins, std::chrono::hours ends) {
  auto contents = client_spec();
  contents.begins_in = begins;
  contents.ends_in = ends;
  return contents;
}

std::vector<meeting> meetings(const pki& keys) {
  using std::chrono::hours;
  const auto other = make_pki();
  const auto with_intermediate = [&](const identity& leaf) { return presentable(leaf, {keys.intermediate}); };
  auto server_only = server_spec("alice");
  std::vector<meeting> all;
  all.push_back({"nothing", std::nullopt, reason::no_certificate});
  all.push_back({"another CA's", presentable(other.client, {other.intermediate}), reason::unknown_issuer});
  all.push_back({"self-signed", presentable(self_signed(tutorial_spec("me"))), reason::self_signed});
  all.push_back({"expired", with_intermediate(issue(keys.intermediate, dated(hours(-9), hours(-1)))), reason::expired});
  all.push_back(
      {"not yet valid", with_intermediate(issue(keys.intermediate, dated(hours(1), hours(9)))), reason::not_yet_valid});
  all.push_back({"a server's", with_intermediate(issue(keys.intermediate, server_only)), reason::wrong_purpose});
  all.push_back({"without its intermediate", presentable(keys.client), reason::intermediate_missing});
  all.push_back({"changed", with_intermediate(tampered(keys.client)), reason::bad_signature, false});
  all.push_back({"revoked", with_intermediate(keys.client), reason::revoked, true, true});
  return all;
}

TEST(agreement, the_servers_log_and_the_client_name_the_same_reason) {
  const server_files files(make_pki());
  files.write_revocations({files.people().client});
  for (const auto& each : meetings(files.people())) {
    const captured_log log;
    const service server(files.config(tls::client_auth::required, each.revocations), log);
    for (const auto version : {tls::version::v1_2, tls::version::v1_3}) {
      SCOPED_TRACE(each.what + (version == tls::version::v1_2 ? ", TLS 1.2" : ", TLS 1.3"));
      tls::client_settings settings;
      settings.servers = believing({files.people().root});
      settings.own = each.own;
      settings.at_least = settings.at_most = version;
      const auto before = log.size();
      const auto done = test::get("https://localhost:" + std::to_string(server.port()) + "/", with(settings));
      EXPECT_TRUE(done.failure);
      // The server writes its line when the alert is on its way, which may be after we have read it.
      EXPECT_TRUE(log.wait_for(": " + std::string(to_string(each.logged)) + ":", before));
      ASSERT_TRUE(done.report.refusal) << (done.failure ? done.failure->message() : "no failure");
      const auto& told = done.report.refusal->reasons;
      EXPECT_THAT(told, ::testing::Contains(each.logged));
      ASSERT_FALSE(told.empty());
      EXPECT_EQ(told.front(), each.logged);
      EXPECT_TRUE(!each.certain || told.size() == 1U);
      EXPECT_EQ(done.report.refusal->fault, culprit::client);
    }
  }
}

TEST(agreement, a_list_that_the_server_lacks_or_let_go_stale_is_told_as_its_own_fault) {
  const server_files files(make_pki());
  files.write_revocations({});
  const captured_log log;
  auto config = files.config(tls::client_auth::required, true);
  config.revocations.pop_back();  // That of one of the two CAs is left.
  const service server(config, log);
  const auto how = presenting({files.people().root}, presentable(files.people().client, {files.people().intermediate}));
  const auto done = test::get("https://localhost:" + std::to_string(server.port()) + "/", how);
  ASSERT_TRUE(done.report.refusal);
  EXPECT_THAT(done.report.refusal->reasons, ::testing::Contains(reason::revocation_unknown));
  EXPECT_EQ(done.report.refusal->fault, culprit::server);
  EXPECT_TRUE(log.wait_for(": revocation_unknown:"));
}

}  // namespace
}  // namespace mutual::client
