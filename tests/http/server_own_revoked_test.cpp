// A server that its own lists revoke serves on, and says so: whoever checks it refuses it.
#include "support/captured_log.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutual::test {
namespace {

constexpr auto said = "the server's own certificate";

class server_own_revoked : public testing::Test {
 protected:
  http::server_options options() const { return options_for(log_, files_.config(tls::client_auth::required, true)); }
  bool serves(const service& running) const {
    const auto& people = files_.people();
    const client_options alice{.chain = {people.client, people.intermediate}, .server_name = "localhost"};
    return get(running.port(), alice).body.starts_with("alice ");
  }

  server_files files_{make_pki()};
  captured_log log_;
};

TEST_F(server_own_revoked, is_told_at_the_start_and_serves) {
  files_.write_revocations({files_.people().server});
  const service running(options());
  EXPECT_TRUE(serves(running));
  ASSERT_EQ(log_.count(said), 1U);
  EXPECT_THAT(*log_.wait_for(said), testing::HasSubstr("mutual issue server"));
}

TEST_F(server_own_revoked, is_told_at_each_reload_until_it_is_mended) {
  files_.write_revocations({issue(files_.people().intermediate, client_spec())});
  const service running(options());
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(log_.count(said), 0U) << "somebody else is on the list";
  files_.write_revocations({files_.people().server});
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(log_.count(said), 1U);
  EXPECT_TRUE(serves(running));
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(log_.count(said), 2U);
  files_.write_revocations({});
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(log_.count(said), 2U);
}

// Whatever it has issued is refused with it.
TEST_F(server_own_revoked, is_told_of_a_ca_that_it_presents_by_the_list_of_that_ones_issuer) {
  constexpr auto said_of_a_ca = "a CA in the chain that this server presents";
  const auto& people = files_.people();
  const auto list_of_root = [&](const std::vector<identity>& revoked, std::uint64_t number) {
    files_.folder().write("root.crl", pem(make_crl(people.root, {.revoked = revoked, .number = number}).get()));
  };
  list_of_root({people.intermediate}, 10);
  const service running(options());
  ASSERT_EQ(log_.count(said_of_a_ca), 1U);
  EXPECT_THAT(*log_.wait_for(said_of_a_ca), testing::HasSubstr("mutual renew NAME"));
  EXPECT_EQ(log_.count(said), 0U);
  list_of_root({}, 11);
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(log_.count(said_of_a_ca), 1U);
}

}  // namespace
}  // namespace mutual::test
