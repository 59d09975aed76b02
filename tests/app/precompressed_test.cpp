// Files that stand compressed beside a file, and are sent in its place.
#include "app/encoder.hpp"
#include "app/people.hpp"
#include "x509/scratch.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

namespace mutual::test {
namespace {

using http::coding;

std::string encoded(coding how, std::string_view bytes) {
  std::string out;
  encoder(how).encode(bytes, encoder::then::end, out);
  return out;
}

// Files that are old enough to have strong tags.
class precompressed : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    kept_ = std::make_unique<scratch>();
    std::filesystem::create_directories(*kept_ / "www/deep");
    std::filesystem::create_directories(*kept_ / "www/.git");
    write("www/page.html", page());
    write("www/page.html.gz", encoded(coding::gzip, page()));
    write("www/page.html.br", encoded(coding::br, page()));
    write("www/page.html.zst", encoded(coding::zstd, page()) + std::string(100, 'z'));  // larger than the one of br
    write("www/deep/index.html", page());
    write("www/deep/index.html.gz", encoded(coding::gzip, page()));
    write("www/alone.txt", page());
    write("www/gone.txt.gz", encoded(coding::gzip, page()));
    write("www/old.txt", page());
    write("www/old.txt.gz", encoded(coding::gzip, "what it was before"));
    const std::array<timespec, 2> yesterday{{{1'000'000, 0}, {1'000'000, 0}}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (*kept_ / "www/old.txt.gz").c_str(), yesterday.data(), 0), 0);
    write("outside.gz", "secret");
    write("www/.git/config", "secret");
    for (const char* name : {"led", "hidden", "folder"}) write("www/" + std::string(name) + ".txt", page());
    std::filesystem::create_symlink("../outside.gz", *kept_ / "www/led.txt.gz");
    std::filesystem::create_symlink(".git/config", *kept_ / "www/hidden.txt.gz");
    std::filesystem::create_directories(*kept_ / "www/folder.txt.gz");
    std::this_thread::sleep_for(std::chrono::milliseconds(3100));
  }
  static void TearDownTestSuite() { kept_.reset(); }

  static void write(const std::string& name, const std::string& content) { kept_->write(name.c_str(), content); }
  static std::string page() {
    std::string out;
    for (int line = 0; line < 3000; ++line) out += "line " + std::to_string(line % 97) + "\n";
    return out;
  }

  precompressed() {
    service_.folder("/files", *kept_ / "www", {.precompressed = true});
    service_.folder("/plain", *kept_ / "www");
    auto both = service_.group("/both");
    both.use(compress());
    both.folder("", *kept_ / "www", {.precompressed = true});
    client_ = std::make_unique<test_client>(service_);
  }

  test_response get(std::string_view target, std::string_view accepted,
                    std::initializer_list<std::pair<const char*, std::string>> more = {}) {
    fields all;
    if (!accepted.empty()) all.add("Accept-Encoding", accepted);
    for (const auto& [name, value] : more) all.add(name, value);
    return client_->get(target, all);
  }

  static std::unique_ptr<scratch> kept_;
  app service_;
  std::unique_ptr<test_client> client_;
};
std::unique_ptr<scratch> precompressed::kept_;

TEST_F(precompressed, files_are_sent_as_they_are_to_who_takes_their_coding) {
  const auto answer = get("/files/page.html", "gzip");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Encoding"), "gzip");
  EXPECT_EQ(answer.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(answer.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(answer.body, encoded(coding::gzip, page()));
  EXPECT_EQ(get("/files/deep/", "gzip").body, encoded(coding::gzip, page())) << "of an index too";
}

TEST_F(precompressed, files_are_chosen_by_what_is_most_welcome_and_then_by_size) {
  EXPECT_EQ(get("/files/page.html", "gzip, br, zstd").header("Content-Encoding"), "br");
  EXPECT_EQ(get("/files/page.html", "gzip, br;q=0.9").header("Content-Encoding"), "gzip");
  EXPECT_EQ(get("/files/page.html", "*").header("Content-Encoding"), "br");
  EXPECT_EQ(get("/files/page.html", "gzip;q=0.5, identity;q=0.4").header("Content-Encoding"), "gzip");
  EXPECT_EQ(get("/files/deep/", "br, gzip;q=0.1").header("Content-Encoding"), "gzip") << "there is no other";
}

TEST_F(precompressed, files_are_not_sent_to_who_does_not_take_them) {
  for (const char* accepted :
       {"", "identity", "gzip;q=0, br;q=0, zstd;q=0", "deflate", "gzip;q=0.5, br;q=0.5, identity", "zstd;q=2, gzip"}) {
    const auto answer = get("/files/page.html", accepted);
    EXPECT_EQ(answer.body, page()) << accepted;
    EXPECT_FALSE(answer.header("Content-Encoding")) << accepted;
    EXPECT_EQ(answer.header("Vary"), "Accept-Encoding") << "others get another";
  }
}

TEST_F(precompressed, files_are_looked_for_only_where_that_is_asked_for) {
  EXPECT_EQ(get("/plain/page.html", "gzip").body, page());
  EXPECT_FALSE(get("/plain/page.html", "gzip").header("Vary"));
}

TEST_F(precompressed, files_are_themselves_when_they_are_asked_for_by_name) {
  const auto answer = get("/files/page.html.gz", "gzip");
  EXPECT_EQ(answer.body, encoded(coding::gzip, page()));
  EXPECT_EQ(answer.header("Content-Type"), "application/gzip");
  EXPECT_FALSE(answer.header("Content-Encoding"));
}

TEST_F(precompressed, files_that_are_older_or_not_of_the_folder_do_not_count) {
  for (const char* name :
       {"/files/old.txt", "/files/led.txt", "/files/hidden.txt", "/files/folder.txt", "/files/alone.txt"}) {
    const auto answer = get(name, "gzip");
    EXPECT_EQ(answer.status, 200) << name;
    EXPECT_EQ(answer.body, page()) << name;
    EXPECT_FALSE(answer.header("Content-Encoding")) << name;
  }
  EXPECT_EQ(get("/files/gone.txt", "gzip").status, 404) << "beside nothing, it stands for nothing";
}

TEST_F(precompressed, files_have_tags_of_their_own) {
  const std::string plain(get("/files/page.html", "").header("ETag").value_or(""));
  const std::string gz(get("/files/page.html", "gzip").header("ETag").value_or(""));
  const std::string br(get("/files/page.html", "br").header("ETag").value_or(""));
  EXPECT_THAT(gz, testing::StartsWith("\"")) << "strong: it is these bytes";
  EXPECT_NE(plain, gz);
  EXPECT_NE(br, gz);
  for (const char* where : {"/files/page.html", "/both/page.html"}) {
    const auto known = get(where, "gzip", {{"If-None-Match", gz}});
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.header("ETag"), gz);
    EXPECT_EQ(known.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(get(where, "gzip", {{"If-None-Match", plain}}).status, 200);
    EXPECT_EQ(get(where, "br", {{"If-Match", gz}}).status, 412);
  }
}

TEST_F(precompressed, files_have_ranges_of_their_own_bytes) {
  const auto whole = encoded(coding::gzip, page());
  const std::string gz(get("/files/page.html", "gzip").header("ETag").value_or(""));
  const auto part = get("/files/page.html", "gzip", {{"Range", "bytes=10-19"}, {"If-Range", gz}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, whole.substr(10, 10));
  EXPECT_EQ(part.header("Content-Encoding"), "gzip");
  EXPECT_EQ(part.header("Content-Range"), "bytes 10-19/" + std::to_string(whole.size()));
  const auto other = get("/files/page.html", "br", {{"Range", "bytes=10-19"}, {"If-Range", gz}});
  EXPECT_EQ(other.status, 200) << "a part of one coding is not continued by another's";
  EXPECT_EQ(get("/files/page.html", "gzip", {{"Range", "bytes=0-1,5-6"}}).body, whole) << "several at once";
  EXPECT_EQ(get("/files/page.html", "gzip", {{"Range", "bytes=900000-"}}).status, 416);
}

TEST_F(precompressed, files_go_before_what_would_be_compressed_now) {
  const auto ready = get("/both/page.html", "gzip");
  EXPECT_EQ(ready.body, encoded(coding::gzip, page()));
  EXPECT_THAT(std::string(ready.header("ETag").value_or("")), testing::StartsWith("\""));
  EXPECT_EQ(ready.header("Vary"), "Accept-Encoding");
  const auto made = get("/both/alone.txt", "gzip");
  EXPECT_EQ(made.header("Content-Encoding"), "gzip");
  EXPECT_THAT(std::string(made.header("ETag").value_or("")), testing::StartsWith("W/"));
}

TEST_F(precompressed, files_are_told_of_by_head_as_by_get) {
  fields all;
  all.add("Accept-Encoding", "gzip");
  const auto head = client_->head("/files/page.html", all);
  EXPECT_EQ(head.header("Content-Encoding"), "gzip");
  EXPECT_EQ(head.header("ETag"), get("/files/page.html", "gzip").header("ETag"));
  EXPECT_EQ(head.body, "");
}

}  // namespace
}  // namespace mutual::test
