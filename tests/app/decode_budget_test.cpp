// How much of decompressed bodies the requests of one connection may hold.
#include "app/decode_budget.hpp"

#include "app/encoder.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mutual::test {
namespace {

using http::coding;

std::string encoded(coding how, std::string_view bytes) {
  std::string out;
  encoder(how).encode(bytes, encoder::then::end, out);
  return out;
}

// Requests that come by one connection at one time, as over HTTP/2; none is answered before all have come that may.
class compressed_together : public testing::Test {
 protected:
  compressed_together() {
    service_.workers(4, 64);
    service_.group("/whole")
        .use(decompress(4'000'000, 10'000))
        .post("", [this](const request& asked) -> task<std::string> {
          const auto size = asked.body.size();
          auto waiting = wait_for_all();
          co_await waiting;
          co_return std::to_string(size);
        });
    service_.group("/pieces").use(decompress(1'000'000)).post("", [this](body_stream body) -> task<std::string> {
      const auto first = co_await body.next();
      auto waiting = wait_for_all();
      co_await waiting;
      co_return first.value_or("");
    });
  }

  task<> wait_for_all() {
    ++settled_;
    while (settled_ < wanted_) co_await sleep(std::chrono::milliseconds(2));
  }

  // How many of so many such requests are served, the others being refused with 503.
  int served(int wanted, const std::string& target, const std::string& body, std::string_view how, bool by_one) {
    wanted_ = wanted;
    settled_ = 0;
    const test_client first(service_);  // which freezes the app, once
    std::atomic<int> good{0};
    std::vector<std::thread> clients;
    const auto shared = std::make_shared<connection_info>();
    for (int count = 0; count < wanted; ++count) {
      clients.emplace_back([&, own = by_one ? shared : std::make_shared<connection_info>()] {
        test_client client(service_);
        request out;
        out.method = "POST";
        out.target = target;
        out.body = body;
        out.connection = own;
        out.headers.add("Content-Encoding", how);
        const auto answer = client.send(out);
        if (answer.status == 200) {
          ++good;
        } else {
          EXPECT_EQ(answer.status, 503) << answer.body;
          EXPECT_THAT(answer.body, testing::HasSubstr("for this connection"));
          ++settled_;
        }
      });
    }
    for (auto& one : clients) one.join();
    return good;
  }

  app service_;
  std::atomic<int> settled_{0};
  std::atomic<int> wanted_{0};
};

TEST_F(compressed_together, hold_no_more_than_twice_the_largest_and_what_decoders_need) {
  const auto body = encoded(coding::gzip, std::string(3'900'000, 'a'));
  // 8 MB and 32 MiB, of which each takes 4 MB and what a string has in reserve.
  const int good = served(14, "/whole", body, "gzip", true);
  EXPECT_GE(good, 2);
  EXPECT_LE(good, 10);
  EXPECT_EQ(served(14, "/whole", body, "gzip", false), 14) << "each connection has its own";
  EXPECT_EQ(served(1, "/whole", body, "gzip", true), 1) << "all was given back";
  EXPECT_EQ(served(14, "/whole", encoded(coding::gzip, "small"), "gzip", true), 14);
}

// The beginning of a frame with a window of 8 MiB (RFC 8878 section 3.1.1.1.2): fourteen bytes.
TEST_F(compressed_together, hold_no_more_windows_than_that_either) {
  const std::string head("\x28\xb5\x2f\xfd\x00\x68", 6);
  const auto more_to_come = head +
                            std::string(
                                "\x08\x00\x00"
                                "a",
                                4) +
                            std::string(
                                "\x08\x00\x00"
                                "b",
                                4);
  const int good = served(12, "/pieces", more_to_come, "zstd", true);
  EXPECT_GE(good, 2);
  EXPECT_LE(good, 4);
  EXPECT_EQ(served(12, "/pieces", more_to_come, "zstd", false), 12);
  EXPECT_EQ(served(3, "/pieces", more_to_come, "zstd", true), 3) << "all was given back";
}

TEST(decode_budget, lets_whoever_is_alone_hold_what_it_likes) {
  const auto budget = std::make_shared<decode_budget>(100);
  decode_budget::share one(budget);
  EXPECT_TRUE(one.hold(1000));
  {
    decode_budget::share other(budget);
    EXPECT_FALSE(other.hold(1));
    EXPECT_TRUE(one.hold(60));
    EXPECT_TRUE(other.hold(40));
    EXPECT_FALSE(other.hold(41));
    EXPECT_FALSE(one.hold(61));
  }
  EXPECT_TRUE(one.hold(100));
}

TEST(decode_budgets, are_one_for_each_connection_for_as_long_as_it_is_used) {
  const auto budgets = std::make_shared<decode_budgets>(100);
  const auto one = std::make_shared<const connection_info>(), other = std::make_shared<const connection_info>();
  auto first = budgets->of(one);
  EXPECT_EQ(budgets->of(one), first);
  EXPECT_NE(budgets->of(other), first);
  const std::weak_ptr<decode_budget> gone = first;
  first.reset();
  EXPECT_TRUE(gone.expired());
  EXPECT_TRUE(decode_budget::share(budgets->of(one)).hold(100));
}

}  // namespace
}  // namespace mutual::test
