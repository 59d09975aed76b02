#include "tls/session_cache.hpp"

#include "support/pki.hpp"
#include "support/service.hpp"
#include "support/tls_client.hpp"
#include "tls/server_context.hpp"
#include "tls/session_peer.hpp"

#include <atomic>
#include <thread>

namespace mutual::tls {
namespace {

ssl_session_ptr fresh() { return ssl_session_ptr(SSL_SESSION_new()); }

TEST(session_cache, gives_back_what_was_put_and_nothing_else) {
  session_cache cache;
  auto one = fresh();
  const auto* raw = one.get();
  cache.put("one", std::move(one));
  EXPECT_EQ(cache.find("one").get(), raw);
  EXPECT_EQ(cache.find("two"), nullptr);
  EXPECT_EQ(cache.find(""), nullptr);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(session_cache, what_is_put_again_takes_the_place_of_the_old) {
  session_cache cache;
  cache.put("one", fresh());
  auto newer = fresh();
  const auto* raw = newer.get();
  cache.put("one", std::move(newer));
  EXPECT_EQ(cache.find("one").get(), raw);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(session_cache, what_is_removed_is_gone_and_removing_nothing_is_nothing) {
  session_cache cache;
  cache.put("one", fresh());
  cache.remove("two");
  EXPECT_EQ(cache.size(), 1U);
  cache.remove("one");
  cache.remove("one");
  EXPECT_EQ(cache.find("one"), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(session_cache, what_was_found_stays_alive_after_it_is_pushed_out) {
  session_cache cache(16);
  auto mine = fresh();
  session_peer known;
  known.server_name = "localhost";
  ASSERT_TRUE(bind(mine.get(), std::make_shared<const session_peer>(known)));
  cache.put("mine", std::move(mine));
  const auto held = cache.find("mine");
  for (int count = 0; count < 1000; ++count) cache.put("other " + std::to_string(count), fresh());
  EXPECT_EQ(cache.find("mine"), nullptr);
  ASSERT_NE(bound_to(held.get()), nullptr);
  EXPECT_EQ(bound_to(held.get())->server_name, "localhost");
}

TEST(session_cache, never_holds_more_than_it_may_and_drops_what_was_not_used_for_longest) {
  session_cache cache(160);
  cache.put("favourite", fresh());
  for (int count = 0; count < 5000; ++count) {
    cache.put("other " + std::to_string(count), fresh());
    ASSERT_NE(cache.find("favourite"), nullptr) << count;
    ASSERT_LE(cache.size(), 160U);
  }
  EXPECT_EQ(cache.find("other 0"), nullptr);
  EXPECT_NE(cache.find("other 4999"), nullptr);
}

TEST(session_cache, may_be_used_by_many_threads) {
  session_cache cache(64);
  std::vector<std::thread> threads;
  std::atomic<int> found{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, &found, thread] {
      for (int count = 0; count < 2000; ++count) {
        const auto id = std::to_string((count * 7 + thread) % 100);
        if (count % 3 == 0) cache.put(id, fresh());
        if (count % 3 == 1 && cache.find(id)) ++found;
        if (count % 3 == 2) cache.remove(id);
      }
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_GT(found.load(), 0);
  EXPECT_LE(cache.size(), 64U);
}

TEST(session_peer, goes_where_the_session_is_copied) {
  const auto session = fresh();
  EXPECT_EQ(bound_to(session.get()), nullptr);
  EXPECT_EQ(bound_to(nullptr), nullptr);
  session_peer made;
  made.server_name = "localhost";
  ASSERT_TRUE(bind(session.get(), std::make_shared<const session_peer>(made)));
  const ssl_session_ptr copy(SSL_SESSION_dup(session.get()));
  ASSERT_NE(bound_to(copy.get()), nullptr);
  EXPECT_EQ(bound_to(copy.get())->server_name, "localhost");
  made.server_name = "elsewhere.example";
  ASSERT_TRUE(bind(session.get(), std::make_shared<const session_peer>(made)));
  EXPECT_EQ(bound_to(session.get())->server_name, "elsewhere.example");
  EXPECT_EQ(bound_to(copy.get())->server_name, "localhost");
}

// One handshake in memory, both sides.
struct meeting {
  bool done = false;
  bool resumed = false;
  int certificates_left = 0;  // at the server, beside the leaf, when all is done
  std::shared_ptr<SSL_SESSION> given;
  std::string who;
};

int keep_session(SSL* ssl, SSL_SESSION* given) {
  static_cast<meeting*>(SSL_get_app_data(ssl))->given = std::shared_ptr<SSL_SESSION>(given, SSL_SESSION_free);
  return 1;
}

meeting meet(const server_context& context, int version, const std::vector<test::identity>& chain,
             SSL_SESSION* taken_up = nullptr, std::uint8_t fragments = TLSEXT_max_fragment_length_DISABLED) {
  meeting met;
  const ssl_ctx_ptr client_context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(client_context.get(), version);
  SSL_CTX_set_max_proto_version(client_context.get(), version);
  SSL_CTX_set_session_cache_mode(client_context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(client_context.get(), keep_session);
  SSL_CTX_set_tlsext_max_fragment_length(client_context.get(), fragments);
  client_facts facts;
  const auto server = context.accept(facts);
  const ssl_ptr client(SSL_new(client_context.get()));
  SSL_set_app_data(client.get(), &met);
  if (!chain.empty()) {
    SSL_use_certificate(client.get(), chain.front().certificate());
    SSL_use_PrivateKey(client.get(), chain.front().private_key());
    for (std::size_t at = 1; at < chain.size(); ++at) SSL_add1_chain_cert(client.get(), chain[at].certificate());
  }
  if (taken_up != nullptr) SSL_set_session(client.get(), taken_up);
  SSL_set_connect_state(client.get());
  BIO* at_server = nullptr;
  BIO* at_client = nullptr;
  BIO_new_bio_pair(&at_server, 0, &at_client, 0);
  SSL_set_bio(server.get(), at_server, at_server);
  SSL_set_bio(client.get(), at_client, at_client);
  for (int round = 0; round < 10; ++round) {
    char byte = 0;
    SSL_do_handshake(client.get());
    SSL_do_handshake(server.get());
    (void)SSL_read(client.get(), &byte, 1);  // takes the tickets in
  }
  met.done = SSL_is_init_finished(server.get()) == 1 && SSL_is_init_finished(client.get()) == 1;
  if (!met.done) return met;
  met.resumed = SSL_session_reused(server.get()) == 1;
  met.certificates_left = std::max(0, sk_X509_num(SSL_get_peer_cert_chain(server.get())));
  const auto known = context.who_is_at(server.get(), facts);
  // OpenSSL forgets the session of a connection that ends without a goodbye.
  SSL_shutdown(server.get());
  SSL_shutdown(client.get());
  met.who = !known ? "error" : known->who ? known->who->name() : "nobody";
  return met;
}

// The server's own session behind what the client holds.
ssl_session_ptr kept_for(session_cache& cache, const SSL_SESSION* given) {
  unsigned size = 0;
  const auto* id = SSL_SESSION_get_id(given, &size);
  if (SSL_SESSION_get_protocol_version(given) == TLS1_3_VERSION) {
    // The client makes up its own id; the server knows the session by what stands in the ticket.
    const unsigned char* ticket = nullptr;
    std::size_t ticket_size = 0;
    SSL_SESSION_get0_ticket(given, &ticket, &ticket_size);
    return cache.find({reinterpret_cast<const char*>(ticket), ticket_size});
  }
  return cache.find({reinterpret_cast<const char*>(id), size});
}

class shared_sessions : public testing::TestWithParam<int> {
 protected:
  std::shared_ptr<const server_context> context(client_auth clients, std::uint64_t generation = 1,
                                                bool revocations = false) {
    auto made = server_context::load(files_.config(clients, revocations), generation, cache_);
    if (!made) throw std::runtime_error(made.error().message());
    return *made;
  }
  std::vector<test::identity> alice() const { return {files_.people().client, files_.people().intermediate}; }

  test::server_files files_{test::make_pki()};
  std::shared_ptr<session_cache> cache_ = std::make_shared<session_cache>();
};

TEST_P(shared_sessions, of_nobody_do_not_get_in_where_somebody_is_required) {
  const auto asks_nobody = context(client_auth::none);
  const auto optional = context(client_auth::optional);
  const auto required = context(client_auth::required);
  for (const auto& lax : {asks_nobody, optional}) {
    EXPECT_TRUE(meet(*lax, GetParam(), {}, meet(*lax, GetParam(), {}).given.get()).resumed);
    const auto first = meet(*lax, GetParam(), {});
    ASSERT_TRUE(first.done && first.given);
    EXPECT_FALSE(meet(*required, GetParam(), {}, first.given.get()).done);
    const auto with_certificate = meet(*required, GetParam(), alice(), first.given.get());
    EXPECT_FALSE(with_certificate.resumed);
    EXPECT_EQ(with_certificate.who, "alice");
  }
}

TEST_P(shared_sessions, of_somebody_are_not_carried_to_where_nobody_is_asked) {
  const auto required = context(client_auth::required);
  const auto first = meet(*required, GetParam(), alice());
  ASSERT_TRUE(first.done && first.given);
  EXPECT_NE(cache_->size(), 0U);
  const auto elsewhere = meet(*context(client_auth::none), GetParam(), {}, first.given.get());
  EXPECT_TRUE(elsewhere.done);
  EXPECT_FALSE(elsewhere.resumed);
  EXPECT_EQ(elsewhere.who, "nobody");
}

TEST_P(shared_sessions, are_judged_again_under_another_generation) {
  const auto before = context(client_auth::required, 1, true);
  const auto first = meet(*before, GetParam(), alice());
  ASSERT_TRUE(first.done && first.given);
  const auto same_people = meet(*context(client_auth::required, 2, true), GetParam(), {}, first.given.get());
  EXPECT_TRUE(same_people.resumed);
  EXPECT_EQ(same_people.who, "alice");
  files_.write_revocations({files_.people().client});
  const auto after = context(client_auth::required, 3, true);
  const auto newest = same_people.given ? same_people.given : first.given;
  EXPECT_FALSE(meet(*after, GetParam(), {}, newest.get()).done);
  EXPECT_FALSE(meet(*before, GetParam(), {}, newest.get()).resumed) << "what was refused once is forgotten";
}

TEST_P(shared_sessions, that_were_pushed_out_are_not_resumed) {
  cache_ = std::make_shared<session_cache>(16);
  const auto required = context(client_auth::required);
  EXPECT_TRUE(meet(*required, GetParam(), alice(), meet(*required, GetParam(), alice()).given.get()).resumed);
  const auto first = meet(*required, GetParam(), alice());
  ASSERT_TRUE(first.given);
  for (int count = 0; count < 400; ++count) cache_->put("other " + std::to_string(count), fresh());
  const auto again = meet(*required, GetParam(), alice(), first.given.get());
  EXPECT_TRUE(again.done);
  EXPECT_FALSE(again.resumed);
  EXPECT_EQ(again.who, "alice");
}

TEST_P(shared_sessions, that_nobody_is_bound_to_are_not_resumed) {
  const auto optional = context(client_auth::optional);
  const auto first = meet(*optional, GetParam(), {});
  ASSERT_TRUE(first.given);
  const auto kept = kept_for(*cache_, first.given.get());
  ASSERT_NE(kept, nullptr);
  ASSERT_NE(bound_to(kept.get()), nullptr);
  ASSERT_TRUE(bind(kept.get(), nullptr));
  const auto again = meet(*optional, GetParam(), {}, first.given.get());
  EXPECT_TRUE(again.done);
  EXPECT_FALSE(again.resumed);
}

TEST_P(shared_sessions, end_an_hour_after_the_key_was_last_proved_however_often_they_are_taken_up) {
  const auto required = context(client_auth::required);
  const auto first = meet(*required, GetParam(), alice());
  ASSERT_TRUE(first.given);
  const auto age = [&](const meeting& of, std::chrono::seconds by) {
    const auto kept = kept_for(*cache_, of.given.get());
    auto known = *bound_to(kept.get());
    known.proved_at -= by;
    ASSERT_TRUE(bind(kept.get(), std::make_shared<const session_peer>(known)));
  };
  age(first, std::chrono::minutes(58));
  const auto second = meet(*required, GetParam(), alice(), first.given.get());
  EXPECT_TRUE(second.resumed);
  const auto& newest = second.given ? second : first;
  age(newest, std::chrono::minutes(3));
  const auto third = meet(*required, GetParam(), alice(), newest.given.get());
  EXPECT_FALSE(third.resumed);
  EXPECT_EQ(third.who, "alice");
}

TEST_P(shared_sessions, are_not_kept_of_clients_that_send_more_than_their_chain) {
  const auto required = context(client_auth::required);
  auto much = alice();
  const auto ballast = test::self_signed(test::client_spec("ballast"));
  for (int count = 0; count < 20; ++count) much.push_back(ballast);
  const auto first = meet(*required, GetParam(), much);
  ASSERT_TRUE(first.done);
  EXPECT_EQ(first.who, "alice");
  EXPECT_EQ(cache_->size(), 0U);
  if (first.given) {
    EXPECT_FALSE(meet(*required, GetParam(), alice(), first.given.get()).resumed);
  }
}

TEST_P(shared_sessions, keep_no_certificates_and_all_that_resuming_needs) {
  for (const bool light : {true, false}) {
    SCOPED_TRACE(light ? "light" : "whole");
    cache_ = std::make_shared<session_cache>();
    const levers used{.own_contexts = false, .light_sessions = light};
    std::vector<std::string> protocols{"http/1.1"};
    const auto made = server_context::load(files_.config(client_auth::required), 1, cache_, nullptr,
                                           std::move(protocols), std::make_shared<const library_contexts>(1, used));
    ASSERT_TRUE(made);
    const auto first = meet(**made, GetParam(), alice());
    ASSERT_TRUE(first.done && first.given);
    const auto kept = kept_for(*cache_, first.given.get());
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(SSL_SESSION_get0_peer(kept.get()) == nullptr, light);
    EXPECT_EQ(first.certificates_left, light ? 0 : 1) << "beside the leaf";
    EXPECT_EQ(SSL_SESSION_get_timeout(kept.get()), 3600);
    const auto second = meet(**made, GetParam(), alice(), first.given.get());
    EXPECT_TRUE(second.resumed);
    EXPECT_EQ(second.who, "alice");
  }
}

TEST_P(shared_sessions, keep_the_length_of_records_that_the_client_has_asked_for) {
  const auto required = context(client_auth::required);
  const auto first = meet(*required, GetParam(), alice(), nullptr, TLSEXT_max_fragment_length_512);
  ASSERT_TRUE(first.done && first.given);
  EXPECT_EQ(SSL_SESSION_get_max_fragment_length(kept_for(*cache_, first.given.get()).get()),
            TLSEXT_max_fragment_length_512);
  EXPECT_TRUE(meet(*required, GetParam(), alice(), first.given.get(), TLSEXT_max_fragment_length_512).resumed);
}

INSTANTIATE_TEST_SUITE_P(version, shared_sessions, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& one) { return one.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3"; });

}  // namespace
}  // namespace mutual::tls
