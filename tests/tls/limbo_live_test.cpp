// x509-limbo's core cases in real handshakes with a real server: what judge() says is what clients meet.
#include "support/captured_log.hpp"
#include "support/service.hpp"
#include "support/suites.hpp"
#include "support/tls_client.hpp"
#include "x509/scratch.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <map>
#include <set>

namespace mutual::test {
namespace {

key read_key(const std::string& pem) {
  const auto bytes = x509::memory_reader(pem);
  return {PEM_read_bio_PrivateKey(bytes.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
}

// A certificate that OpenSSL's client cannot read cannot be presented by it.
std::optional<identity> read_identity(const std::string& pem, const key& with) {
  const auto bytes = x509::memory_reader(pem);
  std::shared_ptr<X509> read(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  if (!read) return std::nullopt;
  return identity(std::move(read), with);
}

class live_case {
 public:
  explicit live_case(const limbo_case& one) : server_{self_signed(server_spec())} {
    const auto with = read_key(one.key);
    if (auto leaf = read_identity(one.leaf, with)) chain_.push_back(*std::move(leaf));
    for (const auto& pem : one.intermediates) {
      if (auto next = read_identity(pem, with); next && !chain_.empty()) chain_.push_back(*std::move(next));
    }
    tls::config settings;
    settings.enabled = true;
    folder_.write("server.crt", server_.pem());
    folder_.write("server.key", server_.key_pem());
    settings.certificate = folder_ / "server.crt";
    settings.key = folder_ / "server.key";
    std::string trusted;
    for (const auto& pem : one.trusted) trusted += pem;
    folder_.write("trust.crt", trusted);
    settings.trust = {folder_ / "trust.crt"};
    auto started = http::server::start(options_for(log_, settings));
    if (started) server_of_ = *std::move(started);
  }

  // A server that does not start lets nobody in, and a certificate that cannot be sent lets nobody in.
  bool lets_in(int version) const {
    if (!server_of_ || chain_.empty()) return false;
    const auto report = get(server_of_->endpoints().front().port(), {.version = version, .chain = chain_});
    EXPECT_NE(report.status == 200, report.alert.has_value()) << "neither an answer nor an alert, or both";
    return report.status == 200;
  }

 private:
  scratch folder_;
  captured_log log_;
  identity server_;
  std::vector<identity> chain_;
  std::unique_ptr<http::server> server_of_;
};

TEST(limbo_live, the_core_cases_that_need_no_clock_are_met_by_clients_as_they_are_judged) {
  const auto cases = load_limbo();
  if (cases.empty()) GTEST_SKIP() << suite_absent("limbo-clientauth.json.gz");
  const auto known = explained_differences();
  int all = 0;
  int right = 0;
  for (const auto& one : cases) {
    if (one.tier != "core" || one.at || one.depth || one.key.empty()) continue;
    SCOPED_TRACE(one.id);
    const live_case live(one);
    const bool let_in = live.lets_in(TLS1_3_VERSION);
    EXPECT_EQ(let_in, live.lets_in(TLS1_2_VERSION)) << "TLS 1.3 and 1.2 differ";
    EXPECT_EQ(let_in == one.good, !known.contains(one.id)) << (let_in ? "let in" : "refused");
    ++all;
    right += let_in == one.good ? 1 : 0;
  }
  EXPECT_THAT(limbo_docs(), testing::HasSubstr(fmt::format("{} of {} in real handshakes", right, all)));
}

}  // namespace
}  // namespace mutual::test
