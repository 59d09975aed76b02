// Files below a folder, and what stands in the way of them.
#include "app/folder.hpp"

#include "app/people.hpp"
#include "base/descriptor.hpp"
#include "x509/scratch.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mutual::test {
namespace {

class folders : public testing::Test {
 protected:
  folders() {
    std::filesystem::create_directories(files_ / "www/.git");
    std::filesystem::create_directories(files_ / "www/deep/.cache");
    files_.write("www/hello.txt", "hello");
    files_.write("www/deep/index.html", "deep");
    files_.write("www/.git/config", "secret");
    files_.write("www/deep/.cache/key", "secret");
    files_.write("www/.env", "secret");
  }
  void link(const char* to, const char* name) { std::filesystem::create_symlink(to, files_ / "www" / name); }

  const scratch files_;
};

TEST_F(folders, are_served_below_a_prefix_of_the_app_and_of_a_group) {
  app service;
  service.folder("/static", files_ / "www");
  service.group("/{user}").require(policy::any_peer()).folder("/files", files_ / "www");
  test_client client(service);
  EXPECT_EQ(client.get("/static/hello.txt").body, "hello");
  EXPECT_EQ(client.get("/static/deep/").body, "deep");
  EXPECT_THAT(client.get("/static/").body, testing::HasSubstr("hello.txt"));
  EXPECT_EQ(client.get("/static/deep").header("Location"), "/static/deep/");
  EXPECT_EQ(client.get("/static/.env").status, 404);
  EXPECT_EQ(client.get("/static//hello.txt").status, 400);
  EXPECT_EQ(client.post("/static/hello.txt").status, 405);
  EXPECT_EQ(client.get("/ann/files/hello.txt").status, 403);
  EXPECT_EQ(client.as(alice()).get("/ann/files/hello.txt").body, "hello");
  EXPECT_THROW(app().folder("/static", files_ / "nowhere"), std::runtime_error);
}

TEST_F(folders, show_no_hidden_file_also_where_a_link_leads_to_one) {
  link(".git", "pub");
  link(".env", "environment");
  link("deep", "shown");
  link("deep/.cache/key", "key");
  link("../www/hello.txt", "same.txt");
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  for (const char* hidden : {"/pub/", "/pub/config", "/environment", "/key", "/.git/config", "/shown/.cache/key"}) {
    EXPECT_EQ(client.get(hidden).status, 404) << hidden;
  }
  EXPECT_EQ(client.get("/shown/").body, "deep");
}

TEST_F(folders, send_no_file_again_that_the_client_has_as_it_is) {
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  const auto first = client.get("/hello.txt");
  const auto since = [&](std::string_view date) {
    fields headers;
    headers.add("If-Modified-Since", date);
    return client.get("/hello.txt", headers);
  };
  const auto again = since(first.header("Last-Modified").value_or(""));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.header("Last-Modified"), first.header("Last-Modified"));
  EXPECT_EQ(since("Sun, 06 Nov 1994 08:49:37 GMT").status, 200);
  EXPECT_EQ(since("yesterday").status, 200);
  fields tagged;
  tagged.add("If-Modified-Since", *first.header("Last-Modified"));
  tagged.add("If-None-Match", "\"a\"");
  EXPECT_EQ(client.get("/hello.txt", tagged).status, 200);
}

TEST_F(folders, tell_what_is_not_there_from_what_the_system_cannot_do_now) {
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  EXPECT_EQ(client.get("/nowhere").status, 404);
  EXPECT_EQ(client.get("/hello.txt/more").status, 404);
  EXPECT_EQ(client.get("/" + std::string(300, 'a')).status, 404) << "no file has such a name";
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const descriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next.get());
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto short_of_them = client.get("/hello.txt");
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(short_of_them.status, 503);
  EXPECT_TRUE(short_of_them.header("Retry-After"));
  EXPECT_EQ(client.get("/hello.txt").status, 200);
}

TEST_F(folders, leave_the_last_descriptors_to_the_server_itself) {
  app service;
  service.folder("", files_ / "www");
  service.get("/one", [this](const request& asked) { return file_response(asked, files_ / "www/hello.txt"); });
  test_client client(service);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 300;
  ::setrlimit(RLIMIT_NOFILE, &few);
  std::vector<descriptor> taken;
  do taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  while (taken.back().get() < 235);
  const auto folder_file = client.get("/hello.txt");
  const auto one_file = client.get("/one");
  taken.pop_back();
  const auto with_room = client.get("/hello.txt");
  taken.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(folder_file.status, 503);
  EXPECT_TRUE(folder_file.header("Retry-After"));
  EXPECT_EQ(one_file.status, 503);
  EXPECT_EQ(with_room.status, 200);
}

}  // namespace
}  // namespace mutual::test
