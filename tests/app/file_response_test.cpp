// Files as answers: conditions, ranges, and files that change.
#include "app/people.hpp"
#include "app/served_file.hpp"
#include "x509/scratch.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace mutual::test {
namespace {

using testing::HasSubstr;

constexpr std::size_t large = 300'000;

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return out;
}

// The files are old enough to have strong tags.
class files : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    kept_ = std::make_unique<scratch>();
    kept_->write("large.bin", pattern(large));
    kept_->write("small.txt", "0123456789");
    kept_->write("empty.txt", "");
    kept_->write("dated.txt", "0123456789");
    std::filesystem::last_write_time(*kept_ / "dated.txt",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(3100));
  }
  static void TearDownTestSuite() { kept_.reset(); }

  files() {
    service_.folder("", kept_->path());
    client_ = std::make_unique<test_client>(service_);
  }

  test_response get(std::string_view target, std::initializer_list<std::pair<const char*, std::string>> headers = {}) {
    fields all;
    for (const auto& [name, value] : headers) all.add(name, value);
    return client_->get(target, all);
  }
  std::string tag_of(std::string_view target) { return std::string(get(target).header("ETag").value_or("")); }

  static std::unique_ptr<scratch> kept_;
  app service_;
  std::unique_ptr<test_client> client_;
};
std::unique_ptr<scratch> files::kept_;

TEST_F(files, come_with_a_tag_and_a_date_and_take_ranges) {
  for (const char* name : {"/large.bin", "/small.txt", "/empty.txt"}) {
    const auto whole = get(name);
    EXPECT_EQ(whole.status, 200);
    EXPECT_THAT(std::string(whole.header("ETag").value_or("")), testing::StartsWith("\""));
    EXPECT_TRUE(whole.header("Last-Modified"));
    EXPECT_EQ(whole.header("Accept-Ranges"), "bytes");
  }
  EXPECT_EQ(get("/large.bin").body, pattern(large));
  EXPECT_NE(tag_of("/small.txt"), tag_of("/empty.txt"));
}

TEST_F(files, are_not_sent_to_whom_they_are_known) {
  const auto known = get("/small.txt", {{"If-None-Match", "\"other\", W/" + tag_of("/small.txt")}});
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.header("ETag"), tag_of("/small.txt"));
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(get("/small.txt", {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(get("/small.txt", {{"If-Match", tag_of("/small.txt")}}).status, 200);
  EXPECT_EQ(get("/small.txt", {{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status, 412);
}

TEST_F(files, are_sent_in_one_range) {
  const auto part = get("/small.txt", {{"Range", "bytes=2-5"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "2345");
  EXPECT_EQ(part.header("Content-Range"), "bytes 2-5/10");
  EXPECT_EQ(part.header("Content-Type"), "text/plain; charset=utf-8");
  const auto end = get("/large.bin", {{"Range", "bytes=100000-"}});
  EXPECT_EQ(end.status, 206);
  EXPECT_EQ(end.body, pattern(large).substr(100'000));
  EXPECT_FALSE(end.cut_off);
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-1"}, {"If-None-Match", tag_of("/small.txt")}}).status, 304);
}

TEST_F(files, are_sent_in_several_ranges_as_multipart) {
  for (const auto& [name, ranges, first, second] :
       {std::tuple("/small.txt", "bytes=8-9,0-1", std::string("89"), std::string("01")),
        std::tuple("/large.bin", "bytes=0-99999,200000-", pattern(large).substr(0, 100'000),
                   pattern(large).substr(200'000))}) {
    const auto parts = get(name, {{"Range", ranges}});
    EXPECT_EQ(parts.status, 206);
    EXPECT_FALSE(parts.header("Content-Range"));
    const std::string type(parts.header("Content-Type").value_or(""));
    ASSERT_THAT(type, testing::StartsWith("multipart/byteranges; boundary="));
    const auto boundary = "--" + type.substr(type.find('=') + 1);
    const auto whole = get(name);
    const auto head = "\r\nContent-Type: " + std::string(*whole.header("Content-Type")) + "\r\nContent-Range: bytes ";
    EXPECT_THAT(parts.body, testing::StartsWith(boundary + head));
    EXPECT_THAT(parts.body, HasSubstr("\r\n\r\n" + first + "\r\n" + boundary + head));
    EXPECT_THAT(parts.body, testing::EndsWith("\r\n\r\n" + second + "\r\n" + boundary + "--\r\n"));
    EXPECT_FALSE(parts.cut_off) << "its length is as it was told";
  }
}

TEST_F(files, without_what_is_asked_for_say_how_many_bytes_they_have) {
  const auto beyond = get("/small.txt", {{"Range", "bytes=10-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.header("Content-Range"), "bytes */10");
}

TEST_F(files, are_sent_whole_if_the_range_is_of_another_state) {
  const auto tag = tag_of("/small.txt");
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-1"}, {"If-Range", tag}}).status, 206);
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).body, "0123456789");
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-1"}, {"If-Range", "W/" + tag}}).status, 200);
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=90-"}, {"If-Range", "\"other\""}}).status, 200);
}

TEST_F(files, with_a_date_that_was_given_to_them_are_named_by_their_tag_alone) {
  const auto date_of = [&](const char* name) { return std::string(get(name).header("Last-Modified").value_or("")); };
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-1"}, {"If-Range", date_of("/small.txt")}}).body, "01");
  EXPECT_EQ(get("/dated.txt", {{"Range", "bytes=0-1"}, {"If-Range", date_of("/dated.txt")}}).body, "0123456789");
  EXPECT_EQ(get("/dated.txt", {{"Range", "bytes=0-1"}, {"If-Range", tag_of("/dated.txt")}}).body, "01");
}

TEST_F(files, are_sent_whole_if_the_ranges_only_make_work) {
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-,0-,0-"}}).status, 200);
  EXPECT_EQ(get("/small.txt", {{"Range", "bytes=0-1"}, {"Range", "bytes=3-4"}}).status, 200);
  EXPECT_EQ(get("/empty.txt", {{"Range", "bytes=0-1"}}).status, 200);
}

TEST_F(files, are_told_but_not_read_for_head) {
  fields range;
  range.add("Range", "bytes=0-1");
  for (const char* name : {"/large.bin", "/small.txt", "/empty.txt"}) {
    const auto told = client_->head(name, range);
    EXPECT_EQ(told.status, 200) << "only GET takes ranges";
    EXPECT_EQ(told.header("ETag"), tag_of(name));
    EXPECT_EQ(told.body, "");
  }
}

TEST_F(files, that_no_memory_holds_are_read_by_a_worker) {
  const descriptor handle(::open((*kept_ / "large.bin").c_str(), O_RDONLY | O_CLOEXEC));
  ::fsync(handle.get());
  ::posix_fadvise(handle.get(), 0, 0, POSIX_FADV_DONTNEED);
  EXPECT_EQ(get("/large.bin").body, pattern(large));
}

TEST_F(files, of_a_handlers_choice_keep_the_same_rules) {
  app service;
  const auto path = *kept_ / "small.txt";
  service.get("/report", [path](const request& asked) {
    return file_response(asked, path, {"text/csv", "Übersicht 1.csv"});
  });
  service.get("/plain", [path](const request& asked) { return file_response(asked, path); });
  service.get("/name", [path](const request& asked) { return file_response(asked, path, {"", "a.txt"}); });
  service.get("/none", [](const request& asked) { return file_response(asked, *kept_ / "none"); });
  service.get("/folder", [](const request& asked) { return file_response(asked, kept_->path()); });
  test_client client(service);
  fields range;
  range.add("Range", "bytes=-2");
  const auto part = client.get("/report", range);
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "89");
  EXPECT_EQ(part.header("Content-Type"), "text/csv");
  EXPECT_EQ(part.header("Content-Disposition"),
            "attachment; filename=\"__bersicht 1.csv\"; filename*=UTF-8''%C3%9Cbersicht%201.csv");
  EXPECT_EQ(client.get("/name").header("Content-Disposition"), "attachment; filename=\"a.txt\"");
  EXPECT_EQ(client.get("/plain").header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_FALSE(client.get("/plain").header("Content-Disposition"));
  EXPECT_EQ(client.get("/none").status, 404);
  EXPECT_EQ(client.get("/folder").status, 404);
}

// A file, and what is read of it while it changes.
class a_changing_file : public testing::Test {
 protected:
  a_changing_file() {
    folder_.write("file", pattern(large));
    service_.get("/", [this](const request& asked) {
      response answer = file_response(asked, folder_ / "file");
      // The change comes when the first piece has been read.
      answer.source = [this, inner = std::move(answer.source)]() -> task<std::optional<std::string>> {
        auto piece = co_await inner();
        if (change_) std::exchange(change_, {})();
        co_return piece;
      };
      return answer;
    });
  }
  test_response answer_while(std::function<void()> change) {
    change_ = std::move(change);
    return test_client(service_).get("/");
  }
  void overwrite(std::string_view with) const {
    std::fstream file(folder_ / "file", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(large - with.size()));
    file << with;
  }

  const scratch folder_;
  app service_;
  std::function<void()> change_;
};

TEST_F(a_changing_file, never_looks_whole) {
  EXPECT_TRUE(answer_while([&] { ::truncate((folder_ / "file").c_str(), 1000); }).cut_off);
  folder_.write("file", pattern(large));
  EXPECT_TRUE(answer_while([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                overwrite("other");
              }).cut_off);
  folder_.write("file", pattern(large));
  EXPECT_TRUE(answer_while([&] { std::ofstream(folder_ / "file", std::ios::app) << "more"; }).cut_off);
}

TEST_F(a_changing_file, whose_place_another_takes_is_sent_as_it_was) {
  const auto answer = answer_while([&] { folder_.write("file", "another"); });
  EXPECT_FALSE(answer.cut_off);
  EXPECT_EQ(answer.body, pattern(large));
}

TEST_F(a_changing_file, has_a_weak_tag_while_it_is_young_and_another_one_after_each_change) {
  const auto tag = [&] { return std::string(test_client(service_).get("/").header("ETag").value_or("")); };
  const auto first = tag();
  EXPECT_THAT(first, testing::StartsWith("W/\""));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  struct stat before {};
  ::stat((folder_ / "file").c_str(), &before);
  overwrite("other");
  const timespec times[] = {before.st_atim, before.st_mtim};
  ::utimensat(AT_FDCWD, (folder_ / "file").c_str(), times, 0);
  EXPECT_NE(tag(), first) << "a date that is set back hides no change";
}

}  // namespace
}  // namespace mutual::test
