// Compressed answers and compressed requests.
#include "app/compressible.hpp"
#include "app/decode.hpp"
#include "app/encoder.hpp"
#include "app/people.hpp"
#include "base/random.hpp"
#include "x509/scratch.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <malloc.h>
#include <string>
#include <utility>

namespace mutual::test {
namespace {

using http::coding;

std::string encoded(coding how, std::string_view bytes) {
  std::string out;
  encoder(how).encode(bytes, encoder::then::end, out);
  return out;
}

std::string plain(coding how, std::string_view bytes, std::size_t most = 10'000'000) {
  std::string out;
  EXPECT_EQ(decode(how, bytes, most, out), decoded::whole);
  return out;
}

TEST(encoder, gives_bytes_that_are_read_back) {
  for (const auto how : all_codings) {
    for (const std::size_t size : {0U, 1U, 1000U, 100'000U, 1'000'000U}) {
      EXPECT_EQ(plain(how, encoded(how, text_of(size))), text_of(size));
    }
    const auto noise = random_hex(50'000);
    EXPECT_EQ(plain(how, encoded(how, noise)), noise);
  }
}

TEST(encoder, gives_all_of_a_piece_when_it_is_flushed) {
  for (const auto how : all_codings) {
    encoder with(how);
    std::string sent, got;
    for (int i = 0; i < 100; ++i) {
      with.encode("data: " + std::to_string(i) + "\n\n", encoder::then::flush, sent);
      // What was sent breaks off here, and holds all that was given so far.
      std::string so_far;
      EXPECT_EQ(decode(how, sent, 10'000, so_far), decoded::broken);
      EXPECT_THAT(so_far, testing::HasSubstr("data: " + std::to_string(i) + "\n\n"));
    }
    with.encode("", encoder::then::end, sent);
    EXPECT_EQ(plain(how, sent).size(), 990U);
  }
}

TEST(encoder, holds_no_more_whatever_goes_through_it) {
  const auto piece = text_of(65'536);
  for (const auto how : all_codings) {
    const auto before = ::mallinfo2();
    encoder with(how);
    std::string out;
    out.reserve(100'000);
    for (int i = 0; i < 50; ++i) {
      out.clear();
      with.encode(piece, encoder::then::flush, out);
    }
    const auto after = ::mallinfo2();
    EXPECT_LT(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd + 900'000 + 100'000)
        << http::to_string(how);
  }
}

TEST(decode, ends_at_its_limit) {
  const std::string zeros(10'000'000, '\0');
  for (const auto how : all_codings) {
    const auto bomb = encoded(how, zeros);
    EXPECT_LT(bomb.size(), 60'000U);
    std::string out;
    EXPECT_EQ(decode(how, bomb, 1'000'000, out), decoded::too_large);
    EXPECT_LE(out.size(), 1'000'000U);
    EXPECT_EQ(plain(how, bomb, zeros.size()), zeros) << "the limit itself is allowed";
  }
}

TEST(decode, takes_nothing_that_is_not_whole) {
  for (const auto how : all_codings) {
    const auto good = encoded(how, text_of(5000));
    std::string out;
    for (const auto size : {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 1}) {
      EXPECT_EQ(decode(how, good.substr(0, size), 10'000, out), decoded::broken) << http::to_string(how) << size;
    }
    EXPECT_EQ(decode(how, good + "x", 10'000, out), decoded::broken) << http::to_string(how);
    EXPECT_EQ(decode(how, text_of(500), 10'000, out), decoded::broken) << http::to_string(how);
  }
  const auto twice = encoded(coding::gzip, "a") + encoded(coding::gzip, "b");
  EXPECT_EQ(plain(coding::gzip, twice), "ab") << "RFC 1952 has files of several members";
}

TEST(decoder, gives_the_same_however_the_bytes_are_cut) {
  for (const auto how : all_codings) {
    const auto text = text_of(3000);
    const auto good = encoded(how, text);
    for (std::size_t size = 1; size <= good.size(); size += 7) {
      decoder with(how);
      std::string out, room(100, '\0');
      auto reached = decoder::state::hungry;
      for (std::size_t at = 0; at < good.size(); at += size) {
        auto piece = std::string_view(good).substr(at, size);
        do {
          std::size_t made = 0;
          reached = with.go_on(piece, room, made);
          out.append(room, 0, made);
        } while (reached == decoder::state::full);
        EXPECT_TRUE(piece.empty());
        ASSERT_EQ(reached, at + size < good.size() ? decoder::state::hungry : decoder::state::ended)
            << at << "/" << size;
      }
      EXPECT_EQ(out, text) << http::to_string(how) << " in pieces of " << size;
      std::string_view more = "x";
      std::size_t made = 0;
      do reached = with.go_on(more, room, made);
      while (reached == decoder::state::full);
      EXPECT_NE(reached, decoder::state::ended) << "what is followed by something is not whole";
    }
  }
}

class compressed_answers : public testing::Test {
 protected:
  compressed_answers() {
    kept_.write("page.html", text_of(50'000));
    kept_.write("short.html", text_of(500));
    kept_.write("photo.png", text_of(50'000));
    service_.use(compress());
    service_.folder("/files", kept_.path());
    service_.get("/text", [] { return response(200, text_of(5000)).with("ETag", "\"a\"").with("Vary", "Origin"); });
    service_.get("/large", [] { return text_of(200'000); });
    service_.get("/short", [] { return "short"; });
    service_.get("/image", [] { return response(200, text_of(5000), "image/png"); });
    service_.get("/noise", [] { return response(200, random_bytes(2000)); });
    service_.get("/done",
                 [] { return response(200, encoded(coding::gzip, text_of(5000))).with("Content-Encoding", "gzip"); });
    service_.get("/secret", [] { return response(200, text_of(5000)).with("Cache-Control", "private, No-Transform"); });
    service_.get("/known", [] { return response(304).with("ETag", "\"a\""); });
    service_.get("/events", [this] {
      response answer(200);
      answer.headers.set("Content-Type", "text/event-stream");
      answer.source = [this, left = std::make_shared<int>(3)]() -> task<std::optional<std::string>> {
        if (broken_ && *left == 1) throw std::runtime_error("gone");
        if ((*left)-- == 0) co_return std::nullopt;
        co_return "data: tick\n\n";
      };
      return answer;
    });
    service_.log_to([](std::string_view) {});
    client_ = std::make_unique<test_client>(service_);
  }

  static std::string random_bytes(std::size_t size) {
    std::string out;
    unsigned seed = 1;
    while (out.size() < size) out += static_cast<char>((seed = seed * 1103515245 + 12345) >> 16U);
    return out;
  }

  test_response get(std::string_view target, std::string_view accepted) {
    fields headers;
    headers.add("Accept-Encoding", accepted);
    return client_->get(target, headers);
  }

  const scratch kept_;
  bool broken_ = false;
  app service_;
  std::unique_ptr<test_client> client_;
};

TEST_F(compressed_answers, are_in_the_coding_that_the_client_likes_best) {
  for (const auto how : all_codings) {
    const std::string name(http::to_string(how));
    for (const auto& [target, text] : {std::pair("/text", text_of(5000)), std::pair("/large", text_of(200'000)),
                                       std::pair("/files/page.html", text_of(50'000))}) {
      const auto answer = get(target, "deflate, " + name + ";q=0.9, identity;q=0.8");
      EXPECT_EQ(answer.header("Content-Encoding"), name) << target;
      EXPECT_EQ(plain(how, answer.body), text) << target;
      EXPECT_LT(answer.body.size(), text.size() / 2);
      EXPECT_FALSE(answer.cut_off);
      EXPECT_TRUE(answer.headers.has_token("Vary", "Accept-Encoding"));
    }
  }
}

TEST_F(compressed_answers, have_a_weak_tag_and_take_no_ranges) {
  const auto answer = get("/text", "gzip");
  EXPECT_EQ(answer.header("ETag"), "W/\"a\"");
  EXPECT_TRUE(answer.headers.has_token("Vary", "Origin"));
  EXPECT_FALSE(get("/files/page.html", "gzip").header("Accept-Ranges"));
  EXPECT_EQ(get("/known", "gzip").header("ETag"), "W/\"a\"");
  EXPECT_TRUE(get("/known", "gzip").headers.has_token("Vary", "Accept-Encoding"));
  EXPECT_EQ(get("/known", "identity").header("ETag"), "\"a\"");
  fields part;
  part.add("Accept-Encoding", "gzip");
  part.add("Range", "bytes=0-9999");
  const auto range = client_->get("/files/page.html", part);
  EXPECT_EQ(range.status, 206);
  EXPECT_EQ(range.body, text_of(50'000).substr(0, 10'000));
  EXPECT_FALSE(range.header("Content-Encoding"));
}

TEST_F(compressed_answers, in_part_or_known_already_say_what_the_whole_would) {
  for (const char* name : {"/files/page.html", "/files/short.html", "/files/photo.png"}) {
    const auto whole = get(name, "gzip");
    fields known;
    known.add("Accept-Encoding", "gzip");
    known.add("If-None-Match", *whole.header("ETag"));
    const auto same = client_->get(name, known);
    EXPECT_EQ(same.status, 304) << name;
    EXPECT_EQ(same.header("ETag"), whole.header("ETag")) << name;
    EXPECT_EQ(same.header("Vary"), whole.header("Vary")) << name;
    EXPECT_FALSE(same.header("Content-Type")) << name;
    for (const char* ranges : {"bytes=0-99", "bytes=0-9,20-29"}) {
      fields part;
      part.add("Accept-Encoding", "gzip");
      part.add("Range", ranges);
      const auto some = client_->get(name, part);
      EXPECT_EQ(some.status, 206) << name;
      if (whole.header("Vary")) {
        EXPECT_EQ(some.header("Vary"), whole.header("Vary")) << name << ranges;
      }
    }
  }
  EXPECT_EQ(get("/files/photo.png", "gzip").header("Vary"), std::nullopt);
}

TEST_F(compressed_answers, are_plain_where_that_is_better) {
  for (const char* target : {"/short", "/image", "/done", "/secret", "/noise", "/nowhere"}) {
    const auto without = client_->get(target), with = get(target, "gzip, br, zstd");
    EXPECT_EQ(with.body, without.body) << target;
    EXPECT_EQ(with.header("Content-Encoding"), without.header("Content-Encoding")) << target;
  }
  EXPECT_EQ(client_->get("/text").body, text_of(5000));
  EXPECT_EQ(get("/text", "identity").header("ETag"), "\"a\"");
  EXPECT_TRUE(get("/text", "identity").headers.has_token("Vary", "Accept-Encoding")) << "another client gets another";
}

TEST_F(compressed_answers, are_never_plain_for_whom_refuses_that) {
  EXPECT_EQ(plain(coding::gzip, get("/short", "identity;q=0, gzip").body), "short");
  EXPECT_EQ(plain(coding::br, get("/noise", "br, *;q=0").body), random_bytes(2000));
  const auto refused = get("/text", "identity;q=0");
  EXPECT_EQ(refused.status, 406);
  EXPECT_TRUE(refused.json().is_object());
}

TEST_F(compressed_answers, in_pieces_are_compressed_as_they_come) {
  for (const auto how : all_codings) {
    const auto answer = get("/events", http::to_string(how));
    EXPECT_EQ(plain(how, answer.body), "data: tick\n\ndata: tick\n\ndata: tick\n\n");
  }
  broken_ = true;
  EXPECT_TRUE(get("/events", "gzip").cut_off) << "what broke off never looks whole";
}

TEST_F(compressed_answers, to_head_say_what_one_to_get_does) {
  fields headers;
  headers.add("Accept-Encoding", "gzip");
  for (const char* target : {"/text", "/events", "/files/page.html", "/short", "/image"}) {
    const auto head = client_->head(target, headers), whole = client_->get(target, headers);
    EXPECT_EQ(head.header("Content-Encoding"), whole.header("Content-Encoding")) << target;
    EXPECT_EQ(head.header("ETag"), whole.header("ETag")) << target;
    EXPECT_EQ(head.body, "");
  }
}

class compressed_requests : public testing::Test {
 protected:
  compressed_requests() {
    service_.post("/none", [](const request& asked) { return asked.body; });
    service_.group("/some").use(decompress(100'000)).post("", [](const request& asked) {
      EXPECT_NE(asked.header("Content-Encoding").value_or("identity"), "gzip");
      return asked.body;
    });
    client_ = std::make_unique<test_client>(service_);
  }
  test_response post(std::string_view target, std::string body, std::string_view how) {
    request out;
    out.method = "POST";
    out.target = target;
    out.body = std::move(body);
    out.headers.add("Content-Encoding", how);
    return client_->send(out);
  }
  app service_;
  std::unique_ptr<test_client> client_;
};

TEST_F(compressed_requests, are_refused_where_nobody_decompresses_them) {
  const auto refused = post("/none", encoded(coding::gzip, "a"), "gzip");
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(refused.header("Accept-Encoding"), "identity");
  EXPECT_EQ(post("/none", "a", "Identity").body, "a");
  EXPECT_EQ(post("/none", "a", "identity, gzip").status, 415);
}

TEST_F(compressed_requests, come_to_the_handler_as_they_were) {
  for (const auto how : all_codings) {
    for (const std::size_t size : {10U, 100'000U}) {
      EXPECT_EQ(post("/some", encoded(how, text_of(size)), http::to_string(how)).body, text_of(size));
    }
  }
  EXPECT_EQ(post("/some", "a", "identity").status, 200);
}

TEST_F(compressed_requests, of_nothing_are_nothing_in_any_coding) {
  for (const auto how : all_codings) EXPECT_EQ(post("/some", "", http::to_string(how)).status, 200);
  const auto refused = post("/some", "", "deflate");
  EXPECT_EQ(refused.status, 415);
}

TEST_F(compressed_requests, that_are_too_large_or_broken_are_refused) {
  for (const auto how : all_codings) {
    const auto name = http::to_string(how);
    EXPECT_EQ(post("/some", encoded(how, std::string(100'001, 'a')), name).status, 413);
    EXPECT_EQ(post("/some", "not compressed", name).status, 400);
    EXPECT_EQ(post("/some", encoded(how, "a") + "b", name).status, 400);
  }
  for (const char* name : {"deflate", "gzip, gzip", "compress", "identity, gzip"}) {
    const auto refused = post("/some", encoded(coding::gzip, "a"), name);
    EXPECT_EQ(refused.status, 415) << name;
    EXPECT_EQ(refused.header("Accept-Encoding"), "gzip, br, zstd");
  }
}

// Reads a body piece by piece; gives its size, the largest piece, and how often it was asked for more after a failure.
class compressed_streams : public testing::Test {
 protected:
  compressed_streams() {
    service_.workers(2, 4);
    service_.post("/none", [](body_stream body) { return read(std::move(body)); });
    service_.group("/some")
        .use(decompress(3'000'000))
        .post("", [](body_stream body) { return read(std::move(body)); })
        .body_limit(2'000'000);
    service_.group("/stubborn").use(decompress(100'000)).post("", [](body_stream body) -> task<std::string> {
      for (int failures = 0;;) {
        try {
          const auto piece = co_await body.next();
          if (!piece) break;
        } catch (const body_error&) {
          if (++failures == 3) co_return "never whole";
        }
      }
      co_return "whole";
    });
    service_.group("/until").use(decompress(100'000)).post("", [](body_stream body) -> task<std::string> {
      std::string all;
      try {
        for (;;) {
          const auto piece = co_await body.next();
          if (!piece) break;
          all += *piece;
        }
      } catch (const body_error& wrong) {
        all += " and then " + std::to_string(wrong.status);
      }
      co_return all;
    });
    client_ = std::make_unique<test_client>(service_);
  }

  static task<std::string> read(body_stream body) {
    std::string all;
    std::size_t largest = 0;
    for (;;) {
      const auto piece = co_await body.next();
      if (!piece) break;
      EXPECT_FALSE(piece->empty());
      largest = std::max(largest, piece->size());
      all += *piece;
    }
    EXPECT_LE(largest, 32U * 1024);
    co_return all;
  }

  test_response post(std::string_view target, std::string body, std::string_view how) {
    request out;
    out.method = "POST";
    out.target = target;
    out.body = std::move(body);
    out.headers.add("Content-Encoding", how);
    return client_->send(out);
  }

  app service_;
  std::unique_ptr<test_client> client_;
};

TEST_F(compressed_streams, come_to_the_handler_as_they_were) {
  for (const auto how : all_codings) {
    for (const auto& text : {text_of(1), text_of(10), text_of(100'000), random_hex(1'000'000)}) {
      EXPECT_TRUE(post("/some", encoded(how, text), http::to_string(how)).body == text) << text.size();
    }
  }
  EXPECT_EQ(post("/some", text_of(100'000), "identity").body, text_of(100'000));
  EXPECT_EQ(post("/some", encoded(coding::gzip, "a") + encoded(coding::gzip, "b"), "gzip").body, "ab");
  EXPECT_EQ(client_->post("/some", "plain").body, "plain");
}

TEST_F(compressed_streams, are_refused_where_nobody_decompresses_them_or_the_coding_is_another) {
  EXPECT_EQ(post("/none", encoded(coding::gzip, "a"), "gzip").header("Accept-Encoding"), "identity");
  for (const char* name : {"deflate", "gzip, gzip", "identity, gzip"}) {
    const auto refused = post("/some", encoded(coding::gzip, "a"), name);
    EXPECT_EQ(refused.status, 415) << name;
    EXPECT_EQ(refused.header("Accept-Encoding"), "gzip, br, zstd");
  }
}

TEST_F(compressed_streams, that_are_too_large_are_refused_when_that_is_reached) {
  const std::string more(3'000'001, 'a');
  for (const auto how : all_codings) {
    const auto refused = post("/some", encoded(how, more), http::to_string(how));
    EXPECT_EQ(refused.status, 413);
    EXPECT_THAT(refused.body, testing::HasSubstr("decompressed"));
  }
  // Less than the limit, and a thousand times what was sent.
  const std::string zeros(2'900'000, '\0');
  EXPECT_THAT(post("/some", encoded(coding::gzip, zeros), "gzip").body, testing::HasSubstr("200 times"));
  const std::string harmless(1'000'000, '\0');
  EXPECT_EQ(post("/some", encoded(coding::gzip, harmless), "gzip").body, harmless);
}

TEST_F(compressed_streams, that_are_broken_are_refused_and_never_look_whole) {
  for (const auto how : all_codings) {
    const auto name = http::to_string(how);
    const auto good = encoded(how, text_of(300'000));
    EXPECT_EQ(post("/some", "not compressed", name).status, 400);
    EXPECT_EQ(post("/some", good + "b", name).status, 400);
    EXPECT_EQ(post("/some", good.substr(0, good.size() - 1), name).status, 400);
    EXPECT_EQ(post("/stubborn", good.substr(0, good.size() / 2), name).body, "never whole");
    EXPECT_EQ(post("/stubborn", encoded(how, std::string(200'000, 'a')), name).body, "never whole");
  }
}

std::chrono::nanoseconds time_of_this_thread() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

std::string repeated(const std::string& one, std::size_t bytes) {
  std::string all;
  while (all.size() + one.size() <= bytes) all += one;
  return all;
}

// A frame of zstd's that says nothing (RFC 8878 section 3.1.2), and gzip's shortest member.
const std::string skippable("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8);

TEST_F(compressed_streams, of_thousands_of_empty_frames_do_not_hold_up_the_thread_that_serves) {
  for (const auto& [how, empty] :
       {std::pair{coding::zstd, skippable}, std::pair{coding::gzip, encoded(coding::gzip, "")}}) {
    const auto body = repeated(empty, 256 * 1024) + encoded(how, "a") + repeated(empty, 256 * 1024) + encoded(how, "b");
    EXPECT_EQ(post("/some", body, http::to_string(how)).body, "ab");  // and the workers are there
    // The least of several: what else the machine does only adds to it.
    auto by_itself = std::chrono::nanoseconds::max(), spent = by_itself;
    for (int count = 0; count < 8; ++count) {
      auto before = time_of_this_thread();
      std::string out;
      EXPECT_EQ(decode(how, body, 10, out), decoded::whole);
      by_itself = std::min(by_itself, time_of_this_thread() - before);
      before = time_of_this_thread();
      EXPECT_EQ(post("/some", body, http::to_string(how)).body, "ab");
      spent = std::min(spent, time_of_this_thread() - before);
    }
    // A room made and a turn taken for each of them were a hundred times as much. Sanitizers make our own part dearer,
    // and not that of the libraries that decode.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr int most = 20;
#else
    constexpr int most = 4;
#endif
    EXPECT_LT(spent, by_itself * most) << by_itself.count() << " ns of work";
  }
}

TEST_F(compressed_streams, give_what_came_before_the_place_that_is_broken) {
  for (const auto how : {coding::gzip, coding::zstd}) {
    EXPECT_EQ(post("/until", encoded(how, "good") + "not", http::to_string(how)).body, "good and then 400");
  }
}

}  // namespace
}  // namespace mutual::test
