// How much the encoders of one connection's answers may hold, and what answers are when that is taken.
#include "app/encode_budget.hpp"

#include "app/compressible.hpp"
#include "app/encoder.hpp"
#include "base/random.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <cstddef>
#include <malloc.h>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::test {
namespace {

using http::coding;

http::accepted_codings accepted(std::string_view value) { return http::accepted_codings::read({value}); }

// All that is counted rests on this, whichever versions of the three libraries are there.
TEST(encoder, holds_no_more_than_it_is_counted_for) {
  std::string out;
  out.reserve(4'000'000);
  for (const auto how : all_codings) {
    for (const std::size_t size : {1U, 1000U, 50'000U, 1'000'000U}) {
      for (const auto& piece : {text_of(size), random_hex(size)}) {
        const auto before = ::mallinfo2();
        encoder with(how);
        for (int i = 0; i < 4; ++i) {
          out.clear();
          with.encode(piece, encoder::then::flush, out);
        }
        const auto after = ::mallinfo2();
        EXPECT_LE(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd + encoder::holds(how))
            << http::to_string(how) << " of pieces of " << size;
      }
    }
  }
}

TEST(encode_budget, is_filled_by_gzip_and_by_others_to_its_half) {
  const auto budget = std::make_shared<encode_budget>(2 * encoder::holds(coding::br) + encoder::holds(coding::gzip));
  auto one = std::make_unique<encode_budget::share>(budget);
  EXPECT_TRUE(one->hold(coding::br));
  encode_budget::share others(budget);
  EXPECT_FALSE(others.hold(coding::br));
  EXPECT_FALSE(others.hold(coding::zstd));
  std::size_t count = 0;
  while (count < 100 && others.hold(coding::gzip)) ++count;
  EXPECT_EQ(count, encoder::holds(coding::br) / encoder::holds(coding::gzip) + 1);
  one.reset();
  EXPECT_TRUE(others.hold(coding::gzip)) << "what one held is there again";
}

TEST(encode_budget, is_given_back_with_each_share) {
  const auto budget = std::make_shared<encode_budget>(2 * encoder::holds(coding::br));
  for (int i = 0; i < 10; ++i) {
    encode_budget::share one(budget), none(budget);
    EXPECT_TRUE(one.hold(coding::br));
    EXPECT_FALSE(none.hold(coding::br));
  }
}

TEST(encode_budget, leads_to_the_coding_that_is_liked_best_and_has_room) {
  const auto budget = std::make_shared<encode_budget>(2 * encoder::holds(coding::br));
  encode_budget::share first(budget), second(budget);
  EXPECT_EQ(choose_within(accepted("br"), first), coding::br);
  EXPECT_EQ(choose_within(accepted("br, zstd"), second), coding::identity);
  EXPECT_EQ(choose_within(accepted("br, zstd, identity;q=0"), second), std::nullopt);
  EXPECT_EQ(choose_within(accepted("br, gzip;q=0.1, identity;q=0.5"), second), coding::identity);
  EXPECT_EQ(choose_within(accepted("br, gzip;q=0.1"), second), coding::gzip);
  EXPECT_EQ(choose_within(accepted("br, gzip, identity;q=0"), second), coding::gzip);
}

// A client that has asked for the same several times over one connection, and takes nothing of what it gets.
class answers_that_nobody_takes : public testing::Test {
 protected:
  answers_that_nobody_takes() {
    service_.use([this](request& asked, next inner) -> task<response> {
      task<response> work = inner(asked);
      response answer = co_await work;
      lengths_.push_back(answer.length);
      if (asked.method == "GET" && answer.source) {
        kept_.push_back(std::exchange(answer.source, {}));
        answer.length.reset();
      }
      co_return answer;
    });
    service_.use(compress());
    service_.get("/long", [this] {
      response answer(200);
      answer.with("Content-Type", "text/plain").with("ETag", "\"a\"").with("Accept-Ranges", "bytes");
      answer.length = text_.size();
      answer.source = [this, left = std::make_shared<int>(1)]() -> task<std::optional<std::string>> {
        if (broken_) throw std::runtime_error("gone");
        if ((*left)-- <= 0) co_return std::nullopt;
        co_return text_;
      };
      return answer;
    });
    service_.get("/whole", [this] { return text_; });
    // Takes what is kept to its end, or to where it breaks.
    service_.post("/take", [this]() -> task<std::string> {
      std::size_t broken = 0;
      for (const auto& each : kept_) {
        try {
          for (;;) {
            task<std::optional<std::string>> work = each();
            const std::optional<std::string> piece = co_await work;
            if (!piece) break;
          }
        } catch (const std::runtime_error&) {
          ++broken;
        }
      }
      co_return std::to_string(broken);
    });
    service_.log_to([](std::string_view) {});
    client_ = std::make_unique<test_client>(service_);
  }

  test_response ask(std::string_view accepted, std::string_view target = "/long") {
    fields headers;
    headers.add("Accept-Encoding", accepted);
    return client_->get(target, headers);
  }

  // How many of so many come in which coding; those that are refused are "503".
  std::map<std::string, int> asked(int count, std::string_view accepted) {
    std::map<std::string, int> out;
    for (int i = 0; i < count; ++i) {
      const auto answer = ask(accepted);
      EXPECT_TRUE(answer.headers.has_token("Vary", "Accept-Encoding"));
      ++out[answer.status == 200 ? std::string(answer.header("Content-Encoding").value_or("plain"))
                                 : std::to_string(answer.status)];
    }
    return out;
  }

  static constexpr std::size_t budget = std::size_t{8} << 20U;
  // How many there are of it at once.
  static int most(coding how, std::size_t of = budget) { return static_cast<int>(of / encoder::holds(how)); }

  const std::string text_ = text_of(5000);
  bool broken_ = false;
  std::vector<body_source> kept_;
  std::vector<std::optional<std::size_t>> lengths_;
  app service_;
  std::unique_ptr<test_client> client_;
};

using counts = std::map<std::string, int>;

TEST_F(answers_that_nobody_takes, are_plain_beyond_what_encoders_may_hold) {
  const int encoded = most(coding::br, budget / 2);
  EXPECT_EQ(asked(100, "br"), (counts{{"br", encoded}, {"plain", 100 - encoded}}));
  const auto plain = ask("br");
  EXPECT_EQ(plain.header("Content-Encoding"), std::nullopt);
  EXPECT_EQ(plain.header("ETag"), "\"a\"") << "the bytes are the handler's";
  EXPECT_EQ(plain.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(lengths_.back(), text_.size());
  EXPECT_EQ(lengths_.front(), std::nullopt);
}

TEST_F(answers_that_nobody_takes, are_in_gzip_while_that_has_room) {
  const int large = most(coding::zstd, budget / 2);
  const int small = most(coding::gzip, budget - static_cast<std::size_t>(large) * encoder::holds(coding::zstd));
  EXPECT_EQ(asked(100, "gzip, zstd"), (counts{{"zstd", large}, {"gzip", small}, {"plain", 100 - large - small}}));
  kept_.clear();
  const int alone = most(coding::gzip);
  EXPECT_EQ(asked(100, "gzip"), (counts{{"gzip", alone}, {"plain", 100 - alone}}));
}

TEST_F(answers_that_nobody_takes, are_refused_with_a_way_out_to_whom_refuses_plain_ones) {
  const int encoded = most(coding::br, budget / 2);
  EXPECT_EQ(asked(20, "br, identity;q=0"), (counts{{"br", encoded}, {"503", 20 - encoded}}));
  const auto refused = ask("br, *;q=0");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Content-Encoding"), std::nullopt);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_THAT(refused.body, testing::HasSubstr("read those to their ends and try again"));
}

TEST_F(answers_that_nobody_takes, give_back_what_they_held_however_they_end) {
  const counts all = {{"br", most(coding::br, budget / 2)}};
  const int count = all.at("br");
  EXPECT_EQ(asked(count, "br"), all);
  kept_.clear();
  EXPECT_EQ(asked(count, "br"), all) << "after they were cut";
  EXPECT_EQ(client_->post("/take").body, "0");
  EXPECT_EQ(asked(count, "br"), all) << "after their ends, while the last piece waits";
  broken_ = true;
  EXPECT_EQ(client_->post("/take").body, std::to_string(count));
  kept_.clear();
  broken_ = false;
  EXPECT_EQ(asked(count, "br"), all) << "after they broke off";
}

TEST_F(answers_that_nobody_takes, count_for_their_own_connection) {
  const int count = most(coding::br, budget / 2);
  EXPECT_EQ(asked(count, "br").at("br"), count);
  EXPECT_EQ(asked(1, "br"), (counts{{"plain", 1}}));
  client_->as_stranger();
  EXPECT_EQ(asked(1, "br"), (counts{{"br", 1}})) << "another connection";
  client_ = std::make_unique<test_client>(service_);
  EXPECT_EQ(asked(1, "br"), (counts{{"br", 1}}));
}

TEST_F(answers_that_nobody_takes, hold_no_more_by_however_many_groups_they_come) {
  app many;
  std::vector<body_source> kept;
  many.use([&kept](request& asked, next inner) -> task<response> {
    task<response> work = inner(asked);
    response answer = co_await work;
    kept.push_back(std::exchange(answer.source, {}));
    answer.length.reset();
    co_return answer;
  });
  constexpr int groups = 10;
  for (int i = 0; i < groups; ++i) {
    many.group("/" + std::to_string(i)).use(compress()).get("", [this] {
      response answer(200);
      answer.with("Content-Type", "text/plain");
      answer.source = [text = text_]() -> task<std::optional<std::string>> { co_return text; };
      return answer;
    });
  }
  test_client client(many);
  fields headers;
  headers.add("Accept-Encoding", "br");
  int encoded = 0;
  for (int i = 0; i < 10 * groups; ++i) {
    encoded += client.get("/" + std::to_string(i % groups), headers).header("Content-Encoding") == "br" ? 1 : 0;
  }
  EXPECT_EQ(encoded, most(coding::br, budget / 2));
}

TEST_F(answers_that_nobody_takes, cost_those_nothing_that_hold_no_encoder) {
  asked(100, "br");
  EXPECT_EQ(ask("br", "/whole").header("Content-Encoding"), "br") << "it has gone when the answer comes";
  fields headers;
  headers.add("Accept-Encoding", "br");
  EXPECT_EQ(client_->head("/long", headers).header("Content-Encoding"), "br") << "there are no bytes to encode";
}

}  // namespace
}  // namespace mutual::test
