// llhttp's own test cases for strict requests. Where our verdict differs from llhttp's, docs/http-strictness.md says so
// and why: its tables are held against what happens, in both directions.

#include "base/base64.hpp"
#include "base/text.hpp"
#include "http/reading.hpp"
#include "support/suites.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace mutual::http {
namespace {

struct published {
  std::string file, name, bytes;
  bool accepted;
  std::size_t messages;  // That are whole.
};

constexpr const char* suite = "llhttp.json.gz";

// The strict request cases. The data set lost the last empty line of inputs that end in one; it is given back (with it,
// llhttp 9.4 says of each input what its case expects).
std::vector<published> strict_requests() {
  std::vector<published> out;
  const auto cases = test::load_suite(suite);
  for (const auto& each : cases.value().as_array()) {
    if (each.at("meta").at("type") != "request") continue;
    auto bytes = base64::decode(std::string_view(each.at("input_b64").as_string())).value();
    if (bytes.ends_with("\r\n")) bytes += "\r\n";
    out.push_back({std::string(std::string_view(each.at("file").as_string())),
                   std::string(std::string_view(each.at("name").as_string())), bytes, each.at("expect") == "ok",
                   each.at("messages_complete").to_number<std::size_t>()});
  }
  return out;
}

// Most of the cases have no Host, which HTTP/1.1 requires; to see what else we think of them, they get one.
std::string with_host(std::string bytes) {
  if (text::lower(bytes).find("\nhost:") != std::string::npos) return bytes;
  for (std::size_t at = 0; (at = bytes.find(" HTTP/1.1\r\n", at)) != std::string::npos; at += 11) {
    const auto scheme = bytes.rfind(" http://", at);
    const bool absolute = scheme != std::string::npos && bytes.find('\n', scheme) > at;
    const auto authority =
        absolute ? bytes.substr(scheme + 8, bytes.find_first_of("/? ", scheme + 8) - scheme - 8) : "a";
    bytes.insert(at + 11, "Host: " + authority + "\r\n");
  }
  return bytes;
}

// What we make of a case. We judge whole lines: an input that llhttp refuses in the middle of a line gets its end.
testing::reading judge(const published& which, const std::string& bytes) {
  auto got = testing::read_alike(bytes);
  return !which.accepted && got.status == 0 && !got.idle ? testing::read_alike(bytes + "\r\n\r\n") : got;
}

std::string verdict(bool accepted, std::size_t messages, const std::string& refusal) {
  return accepted ? "accepted (" + std::to_string(messages) + ")" : refusal;
}

// A table row for each case of which we think otherwise than llhttp, Host given.
std::vector<std::string> differences() {
  std::vector<std::string> rows;
  for (const auto& each : strict_requests()) {
    const auto got = judge(each, with_host(each.bytes));
    if (each.accepted == (got.status == 0) && (!each.accepted || each.messages == got.messages.size())) continue;
    rows.push_back("| " + each.name + " | " + verdict(each.accepted, each.messages, "refused") + " | " +
                   verdict(got.status == 0, got.messages.size(), std::to_string(got.status)) + " |");
  }
  return rows;
}

// How many cases we refuse as they are published and do not refuse with a Host.
std::size_t host_alone() {
  std::size_t count = 0;
  for (const auto& each : strict_requests()) {
    if (judge(each, each.bytes).status != 0 && judge(each, with_host(each.bytes)).status == 0) ++count;
  }
  return count;
}

// The rows below a heading of docs/http-strictness.md: their first `columns` columns.
std::vector<std::string> documented(std::string_view heading, int columns) {
  std::ifstream in(std::filesystem::path(MUTUAL_SOURCE_DIR) / "docs" / "http-strictness.md");
  std::vector<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) inside = line.ends_with(heading);
    if (!inside || !line.starts_with("| ") || line.starts_with("| case") || line.starts_with("| ---")) continue;
    std::size_t end = 0;
    for (int column = 0; column < columns; ++column) end = line.find(" |", end + 1);
    rows.push_back(line.substr(0, end + 2));
  }
  return rows;
}

void expect_same(std::vector<std::string> measured, std::vector<std::string> written) {
  std::sort(measured.begin(), measured.end());
  std::sort(written.begin(), written.end());
  std::vector<std::string> only;
  std::set_difference(measured.begin(), measured.end(), written.begin(), written.end(), std::back_inserter(only));
  for (const auto& row : only) ADD_FAILURE() << "happens, but is not in the document: " << row;
  only.clear();
  std::set_difference(written.begin(), written.end(), measured.begin(), measured.end(), std::back_inserter(only));
  for (const auto& row : only) ADD_FAILURE() << "is in the document, but does not happen: " << row;
}

class llhttp_suite : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::has_suite(suite)) GTEST_SKIP() << test::suite_absent(suite);
  }
};

TEST_F(llhttp_suite, is_read_whole) { EXPECT_EQ(strict_requests().size(), 131U); }

TEST_F(llhttp_suite, differs_where_the_document_says_and_nowhere_else) {
  expect_same(differences(), documented("Where we differ from llhttp", 3));
}

TEST_F(llhttp_suite, cases_that_only_lack_a_host_are_as_many_as_the_document_says) {
  std::ifstream in(std::filesystem::path(MUTUAL_SOURCE_DIR) / "docs" / "http-strictness.md");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_THAT(text, ::testing::HasSubstr("\n" + std::to_string(host_alone()) + " of the cases"));
}

}  // namespace
}  // namespace mutual::http
