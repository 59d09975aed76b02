// Forms as handlers get them.
#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <gmock/gmock.h>

namespace mutual::test {

struct order {
  std::string title;
  unsigned count = 0;
  std::optional<bool> gift;
  std::vector<std::string> tag;
  std::optional<form_part> scan;
};
MUTUAL_JSON(order, title, count, gift, tag, scan)

namespace {

using testing::HasSubstr;

constexpr const char* multipart_type = "multipart/form-data; boundary=b";
constexpr const char* urlencoded = "application/x-www-form-urlencoded";

std::string field(std::string_view name, std::string_view content, std::string_view more = "") {
  return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"" + std::string(more) + "\r\n\r\n" +
         std::string(content) + "\r\n";
}

class forms : public testing::Test {
 protected:
  forms() {
    service_.post("/orders", [](const form<order>& sent) {
      std::string out = sent->title + " " + std::to_string(sent->count) + (sent->gift.value_or(false) ? " gift" : "");
      for (const auto& tag : sent->tag) out += " #" + tag;
      if (sent->scan) out += " " + *sent->scan->file_name + "=" + sent->scan->content;
      return out;
    });
    service_.post("/parts", [](const multipart& sent) {
      const auto* found = sent.find("b");
      return std::to_string(sent.parts.size()) + " " + (found == nullptr ? "none" : found->content);
    });
    // In pieces, as they come from a source.
    service_.post("/pieces/{step}", [](std::size_t step, const request& asked) -> task<std::string> {
      body_source source = [left = std::make_shared<std::string>(asked.body),
                            step]() -> task<std::optional<std::string>> {
        if (left->empty()) co_return std::nullopt;
        auto piece = left->substr(0, step);
        left->erase(0, step);
        co_return piece;
      };
      multipart_reader reader(asked, std::move(source));
      std::string out;
      while (auto part = co_await reader.next_part()) {
        out += part->name + ":";
        if (part->name == "passed over") continue;
        while (auto piece = co_await reader.next_piece()) out += *piece;
        out += ";";
      }
      co_return out;
    });
    service_.post("/whole", [](const request& asked) -> task<std::string> {
      multipart_reader reader(asked);
      std::string out;
      while (auto part = co_await reader.next_part()) out += part->name + ";";
      co_return out;
    });
    client_ = std::make_unique<test_client>(service_);
  }
  test_response post(std::string_view target, std::string body, std::string_view type) {
    return client_->post(target, std::move(body), type);
  }
  app service_;
  std::unique_ptr<test_client> client_;
};

TEST_F(forms, of_both_kinds_become_a_struct) {
  EXPECT_EQ(post("/orders", "title=Dune+2&count=3&gift=true&tag=a&tag=b&other=c", urlencoded).body,
            "Dune 2 3 gift #a #b");
  EXPECT_EQ(post("/orders", "title=&count=0", std::string(urlencoded) + "; charset=utf-8").body, " 0");
  EXPECT_EQ(post("/orders",
                 field("title", "Dune") + field("count", "3") + field("scan", "bytes", "; filename=\"/tmp/s.png\"") +
                     "--b--\r\n",
                 multipart_type)
                .body,
            "Dune 3 s.png=bytes");
}

TEST_F(forms, that_do_not_fit_are_refused_with_the_name_of_the_field) {
  for (const auto& [body, why] :
       {std::pair("count=3", "\\\"title\\\" is missing"), std::pair("title=a&count=x", "\\\"count\\\" is not"),
        std::pair("title=a&title=b&count=1", "more than once"),
        std::pair("title=a&count=1&scan=b", "\\\"scan\\\" is no file"), std::pair("title=%ff&count=1", "not UTF-8")}) {
    const auto refused = post("/orders", body, urlencoded);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_THAT(refused.body, HasSubstr(why));
  }
  EXPECT_EQ(post("/orders", field("title", "a", "; filename=a") + field("count", "1") + "--b--", multipart_type).status,
            400);
  EXPECT_EQ(post("/orders", "{}", "application/json").status, 415);
  EXPECT_EQ(post("/orders", field("title", "a") + "--b--", "multipart/form-data").status, 415);
  EXPECT_EQ(post("/parts", "a=b", urlencoded).status, 415);
}

TEST_F(forms, say_the_same_in_either_kind) {
  const auto sent = [&](std::string_view title) {
    return post("/orders", field("title", title) + field("count", "1") + "--b--", multipart_type);
  };
  EXPECT_EQ(sent("caf\u00E9").status, 200);
  for (const std::string& bad : {std::string("a\xff"), std::string("a\0b", 3), std::string("\xed\xa0\x80")}) {
    const auto refused = sent(bad);
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("\\\"title\\\" is not text in UTF-8"));
  }
}

TEST_F(forms, lack_a_file_that_was_not_chosen) {
  const auto order = field("title", "a") + field("count", "1");
  // As browsers send it.
  const std::string none =
      "--b\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n\r\n";
  EXPECT_EQ(post("/orders", order + none + "--b--", multipart_type).body, "a 1");
  EXPECT_EQ(post("/orders", order + field("scan", "", "; filename=\"x\"") + "--b--", multipart_type).body, "a 1 x=");
  EXPECT_EQ(post("/orders", order + field("scan", "y", "; filename=\"\"") + "--b--", multipart_type).body, "a 1 =y");
}

TEST_F(forms, in_parts_are_whole_or_refused) {
  EXPECT_EQ(post("/parts", field("a", "1") + field("b", "2") + "--b--", multipart_type).body, "2 2");
  EXPECT_EQ(post("/parts", field("a", "1"), multipart_type).status, 400);
  EXPECT_EQ(post("/parts", "", multipart_type).status, 400);
  std::string many;
  for (int i = 0; i < 101; ++i) many += field("a", "1");
  EXPECT_EQ(post("/parts", many + "--b--", multipart_type).status, 413);
}

TEST_F(forms, in_pieces_are_read_as_they_come) {
  const auto body = field("a", "1") + field("passed over", "23456") + field("c", "\r\n--7\r\n") + "--b--";
  for (const char* step : {"1", "2", "13", "1000"}) {
    EXPECT_EQ(post(std::string("/pieces/") + step, body, multipart_type).body, "a:1;passed over:c:\r\n--7\r\n;");
    EXPECT_EQ(post(std::string("/pieces/") + step, body.substr(0, body.size() - 3), multipart_type).status, 400);
  }
  EXPECT_EQ(post("/whole", body, multipart_type).body, "a;passed over;c;");
}

TEST_F(forms, of_another_sites_page_are_refused) {
  for (const char* target : {"/orders", "/parts", "/pieces/5"}) {
    request sent;
    sent.method = "POST";
    sent.target = target;
    sent.body = field("title", "a") + field("count", "1") + "--b--";
    sent.headers.add("Content-Type", multipart_type);
    sent.headers.add("Sec-Fetch-Site", "cross-site");
    EXPECT_EQ(client_->send(sent).status, 403) << target;
    sent.headers.set("Sec-Fetch-Site", "same-origin");
    EXPECT_EQ(client_->send(sent).status, 200) << target;
  }
}

}  // namespace
}  // namespace mutual::test
