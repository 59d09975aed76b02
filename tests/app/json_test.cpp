#include <mutual/json.hpp>
#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <boost/json.hpp>

#include <limits>

namespace library {

enum class binding { paper, cloth };
BOOST_DESCRIBE_ENUM(binding, paper, cloth)

struct author {
  std::string name;
  std::optional<int> born;
};
MUTUAL_JSON(author, name, born)

struct book {
  std::string title;
  int year = 0;
  std::optional<std::string> isbn;
  std::vector<author> authors;
  std::map<std::string, double> prices;
  binding bound = binding::paper;
};
MUTUAL_JSON(book, title, year, isbn, authors, prices, bound)

struct small {
  unsigned char tiny = 0;
  bool flag = false;
  std::vector<bool> bits;
};
MUTUAL_JSON(small, tiny, flag, bits)

struct page {
  std::optional<unsigned> from;
  int count = 0;
  std::vector<std::string> tag;
};
MUTUAL_JSON(page, from, count, tag)

// Is never as it should be, and counts how often it is looked at.
struct counted {
  static inline int read = 0;
};

}  // namespace library

template <>
struct mutual::json_codec<library::counted> {
  static bool read(const json_place& from, library::counted&) {
    ++library::counted::read;
    return from.expected("something else");
  }
  static void write(std::string& out, const library::counted&) { out += "null"; }
};

namespace mutual {
namespace {

using library::book;

constexpr std::string_view whole =
    R"({"title":"Dune","year":1965,"isbn":"0-441","authors":[{"name":"Frank Herbert","born":1920}],)"
    R"("prices":{"eur":9.5,"krw":12000},"bound":"cloth"})";

template <class T>
std::string failure_of(std::string_view text) {
  const auto value = from_json<T>(text);
  return value ? std::string() : value.error().message();
}

TEST(json, a_described_struct_is_read_and_written_again) {
  const auto value = from_json<book>(whole);
  ASSERT_TRUE(value) << value.error().message();
  EXPECT_EQ(value->title, "Dune");
  EXPECT_EQ(value->year, 1965);
  EXPECT_EQ(value->authors.at(0).born, 1920);
  EXPECT_EQ(value->prices.at("krw"), 12000.0);
  EXPECT_EQ(value->bound, library::binding::cloth);
  EXPECT_EQ(to_json(*value), whole);
}

TEST(json, optional_members_may_be_missing_or_null_and_are_left_out_when_empty) {
  for (const char* text : {R"({"name":"Anon"})", R"({"name":"Anon","born":null})"}) {
    const auto value = from_json<library::author>(text);
    ASSERT_TRUE(value);
    EXPECT_FALSE(value->born);
    EXPECT_EQ(to_json(*value), R"({"name":"Anon"})");
  }
  EXPECT_EQ(to_json(std::vector<std::optional<int>>{1, std::nullopt}), "[1,null]");
}

TEST(json, members_that_are_not_known_are_left_out) {
  EXPECT_TRUE(from_json<library::author>(R"({"name":"a","more":{"x":[1,2]}})"));
}

TEST(json, all_places_that_are_wrong_are_named_at_once) {
  EXPECT_EQ(failure_of<book>(R"({"title":7,"year":"old","authors":[{"name":"a"},{"born":1}],"prices":{"a/b~":true},)"
                             R"("bound":"leather"})"),
            "/title should be text, and is 7; "
            "/year should be a whole number from -2147483648 to 2147483647, and is text; "
            "/authors/1/name should be a value, and is nothing; "
            "/prices/a~1b~0 should be a number, and is a truth value; "
            "/bound should be one of paper, cloth, and is text");
  EXPECT_EQ(failure_of<book>("[]"), "the whole should be an object, and is an array");
  EXPECT_THAT(failure_of<std::vector<int>>("[" + std::string(200, ' ') + R"("a")" +
                                           [] {
                                             std::string more;
                                             for (int i = 0; i < 29; ++i) more += R"(,"a")";
                                             return more + "]";
                                           }()),
              testing::EndsWith("/19 should be a whole number from -2147483648 to 2147483647, and is text; and more"));
}

TEST(json, numbers_are_held_to_their_range) {
  EXPECT_TRUE(from_json<library::small>(R"({"tiny":255,"flag":true,"bits":[true,false]})"));
  for (const char* bad : {"256", "-1", "1.5", "1.0", "1e2", "18446744073709551616", "\"1\"", "null"}) {
    EXPECT_THAT(failure_of<library::small>(std::string(R"({"flag":true,"bits":[],"tiny":)") + bad + "}"),
                testing::HasSubstr("/tiny should be a whole number from 0 to 255"))
        << bad;
  }
  EXPECT_EQ(*from_json<unsigned long long>("18446744073709551615"), std::numeric_limits<unsigned long long>::max());
  EXPECT_EQ(*from_json<long long>("-9223372036854775808"), std::numeric_limits<long long>::min());
  EXPECT_FALSE(from_json<long long>("9223372036854775808"));
  EXPECT_FALSE(from_json<double>("1e999"));
  EXPECT_FALSE(from_json<float>("1e39"));
  EXPECT_TRUE(from_json<boost::json::value>("[{\"x\":1e300}]"));
  EXPECT_FALSE(from_json<boost::json::value>("[{\"x\":1e600}]"));
  EXPECT_EQ(*from_json<float>("-1.5"), -1.5F);
  EXPECT_EQ(to_json(std::vector<double>{0.1, std::numeric_limits<double>::infinity(), 1e300}), "[0.1,null,1e+300]");
}

TEST(json, what_two_readers_could_take_differently_is_refused) {
  EXPECT_THAT(failure_of<boost::json::value>(R"({"a":1,"a":2})"), testing::HasSubstr("two members of one name"));
  EXPECT_THAT(failure_of<boost::json::value>(R"([{"x":{"a":1,"\u0061":2}}])"), testing::HasSubstr("two members"));
  EXPECT_EQ(failure_of<boost::json::value>(R"({":":"\\\":","a\":":[{"b":":"}]})"), "");
  for (const char* bad : {"", " ", "{", "{}x", "{} {}", "[1,]", "{a:1}", "'a'", "NaN", "01", "\"\xff\"", "\"\n\"",
                          "/**/1", "\xEF\xBB\xBF{}", R"("\ud800")"}) {
    EXPECT_THAT(failure_of<boost::json::value>(bad), testing::StartsWith("it is not JSON")) << bad;
  }
}

TEST(json, what_cannot_be_used_is_not_read_on) {
  std::string text = "[1";
  for (int i = 0; i < 50'000; ++i) text += ",1";
  text += "]";
  std::vector<library::author> authors;
  detail::json_document document(text, 100'000);
  EXPECT_FALSE(json_codec<std::vector<library::author>>::read(document.root(), authors));
  EXPECT_EQ(authors.size(), 0U) << "nor kept";
  EXPECT_THAT(document.failure().message(), testing::EndsWith("/19 should be an object, and is 1; and more"));
  library::counted::read = 0;
  EXPECT_THAT(failure_of<std::vector<library::counted>>(text), testing::EndsWith("; and more"));
  EXPECT_LT(library::counted::read, 25);
}

TEST(json, values_have_a_limit_in_number) {
  const auto array = [](int count) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) text += i == 0 ? "1" : ",1";
    return text + "]";
  };
  EXPECT_EQ(failure_of<std::vector<int>>(array(99'998)), "");
  EXPECT_EQ(failure_of<std::vector<int>>(array(100'001)), "it has more than 100000 values");
  EXPECT_TRUE(from_json<std::vector<int>>(array(100'001), 200'000));
  EXPECT_FALSE(from_json<std::vector<int>>("[1,2,3]", 3));
  EXPECT_TRUE(from_json<std::vector<std::string>>(R"(["a,[{b","c"])", 4)) << "what is in texts is no value";
}

TEST(json, nesting_has_a_limit) {
  EXPECT_EQ(failure_of<boost::json::value>(std::string(32, '[') + std::string(32, ']')), "");
  EXPECT_NE(failure_of<boost::json::value>(std::string(33, '[') + std::string(33, ']')), "");
}

TEST(json, text_is_written_so_that_it_is_json_whatever_it_holds) {
  EXPECT_EQ(to_json(std::string("a\"\\\n\r\t\x01\x7f")), R"("a\"\\\n\r\t\u0001\u007f")");
  EXPECT_EQ(to_json(std::string("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0")), "\"\\u0080\\u009b\\u009f\xc2\xa0\"");
  EXPECT_EQ(to_json(std::string("\xff\xed\xa0\x80"
                                "caf\u00e9 \U0001F600")),
            "\"\ufffd\ufffd\ufffd\ufffdcaf\u00e9 \U0001F600\"");
}

struct json_service : testing::Test {
  json_service() {
    service.post("/books", [](const book& posted) { return posted; });
    service.post("/titles", [](std::vector<std::string> titles) { return std::to_string(titles.size()); });
    service.put("/number/{id}", [](int id, json<int> number) { return json(id + *number); });
    service.post("/anything", [](boost::json::value value) { return value; });
    service.get("/maybe/{id}",
                [](int id) -> std::optional<book> { return id == 1 ? std::optional(book{}) : std::nullopt; });
    service.get("/page", [](const query<library::page>& asked) {
      return std::to_string(asked->from.value_or(1)) + " " + std::to_string(asked->count) + " " +
             std::to_string(asked->tag.size());
    });
  }
  app service;
};

TEST_F(json_service, a_body_is_read_into_the_handlers_parameter_and_a_struct_is_answered_as_json) {
  test_client client(service);
  const auto answer = client.post("/books", std::string(whole));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.body, std::string(whole) + "\n");
  EXPECT_EQ(client.post("/titles", R"(["a","b"])").body, "2");
  EXPECT_EQ(client.put("/number/2", "40").body, "42\n");
  EXPECT_EQ(client.post("/anything", R"({"a":[1]})", "application/vnd.acme+json; charset=utf-8").body, "{\"a\":[1]}\n");
  EXPECT_EQ(client.get("/maybe/1").status, 200);
  EXPECT_EQ(client.get("/maybe/2").status, 404);
}

TEST_F(json_service, a_body_that_is_no_json_is_a_bad_request) {
  test_client client(service);
  const auto answer = client.post("/books", "{\"title\"");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, testing::HasSubstr("it is not JSON"));
  EXPECT_THAT(client.post("/books", "").body, testing::HasSubstr("it is empty"));
}

TEST_F(json_service, a_body_of_too_many_values_is_too_large_unless_a_middleware_says_otherwise) {
  std::string text = "[1";
  for (int i = 0; i < 150'000; ++i) text += ",1";
  text += "]";
  service.group("/many")
      .use(before([](request& incoming) -> std::optional<response> {
        incoming.json_values = 200'000;
        return std::nullopt;
      }))
      .post("", [](const std::vector<int>& numbers) { return std::to_string(numbers.size()); });
  test_client client(service);
  const auto answer = client.post("/anything", text);
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, testing::HasSubstr("more than 100000 values"));
  EXPECT_EQ(client.post("/many", text).body, "150001");
}

TEST_F(json_service, a_body_of_another_form_is_told_where) {
  test_client client(service);
  const auto answer = client.post("/books", R"({"title":"x","year":1e99,"authors":[],"prices":{},"bound":"paper"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  const auto told = answer.json();
  const auto& error = told.at("errors").at(0);
  EXPECT_EQ(error.at("pointer").as_string(), "/year");
  EXPECT_EQ(error.at("found").as_string(), "1E99");
}

TEST_F(json_service, a_body_must_say_that_it_is_json) {
  test_client client(service);
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"}) {
    EXPECT_EQ(client.post("/anything", "{}", type).status, 415) << type;
  }
  request twice;
  twice.method = "POST";
  twice.target = "/anything";
  twice.headers.add("Content-Type", "application/json");
  twice.headers.add("Content-Type", "text/plain");
  EXPECT_EQ(client.send(twice).status, 415);
}

TEST_F(json_service, a_query_is_read_into_a_struct) {
  test_client client(service);
  EXPECT_EQ(client.get("/page?from=3&count=10&tag=a&tag=b%20c&other=1").body, "3 10 2");
  EXPECT_EQ(client.get("/page?count=10").body, "1 10 0");
  for (const char* bad : {"/page", "/page?count=x", "/page?count=1&count=2", "/page?count=1&from=-1", "/page?count="}) {
    const auto answer = client.get(bad);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_TRUE(answer.json().as_object().contains("parameter")) << bad;
  }
}

}  // namespace
}  // namespace mutual
