// Files below a folder, and what stands in the way of them.
#include "app/folder.hpp"

#include "app/people.hpp"
#include "base/descriptor.hpp"
#include "x509/scratch.hpp"

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

TEST_F(folders, whose_page_cannot_be_shown_show_nothing_else) {
  link("../secret.html", "index.html");
  files_.write("secret.html", "secret");
  std::filesystem::create_directories(files_ / "www/folder/index.html");
  std::filesystem::create_directories(files_ / "www/pipe");
  ASSERT_EQ(::mkfifo((files_ / "www/pipe/index.html").c_str(), 0600), 0);
  std::filesystem::create_directories(files_ / "www/plain");
  files_.write("www/plain/a.txt", "a");
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  for (const char* target : {"/", "/folder/", "/pipe/"}) EXPECT_EQ(client.get(target).status, 404) << target;
  std::filesystem::remove(files_ / "www/index.html");
  link("nowhere", "index.html");
  EXPECT_EQ(client.get("/").status, 404);
  link("loop.html", "loop.html");
  std::filesystem::rename(files_ / "www/loop.html", files_ / "www/index.html");
  EXPECT_EQ(client.get("/").status, 404);
  EXPECT_THAT(client.get("/plain/").body, testing::HasSubstr("a.txt"));
}

TEST_F(folders, list_what_can_be_asked_for) {
  files_.write("www/a\\b.txt", "");
  files_.write("www/a\nb.txt", "");
  files_.write("www/100% \u00E9?#.txt", "odd");
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  const auto page = client.get("/").body;
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("b.txt")));
  ASSERT_THAT(page, testing::HasSubstr("100%25%20%C3%A9%3F%23.txt"));
  EXPECT_EQ(client.get("/100%25%20%C3%A9%3F%23.txt").body, "odd");
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("There are more")));
}

TEST_F(folders, that_hold_too_much_for_a_page_say_so) {
  std::filesystem::create_directories(files_ / "www/many");
  for (int at = 0; at < 10'001; ++at) files_.write("www/many/" + std::to_string(at), "");
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  EXPECT_THAT(client.get("/many/").body, testing::HasSubstr("There are more: these are 10000"));
  std::filesystem::remove(files_ / "www/many/0");
  EXPECT_THAT(client.get("/many/").body, testing::Not(testing::HasSubstr("There are more")));
}

TEST_F(folders, are_redirected_to_with_what_was_asked) {
  app service;
  service.folder("", files_ / "www");
  test_client client(service);
  EXPECT_EQ(client.get("/deep?lang=ko&a=%20").header("Location"), "/deep/?lang=ko&a=%20");
  EXPECT_EQ(client.get("/deep").header("Location"), "/deep/");
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
