// Services as programs run them, each in a process of its own.
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <mutual/mutual.hpp>

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mutual::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct pipe_ends {
  descriptor from, to;
  pipe_ends() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    from = descriptor(ends[0]);
    to = descriptor(ends[1]);
  }
};

// What comes until that appears in it, or the end.
std::string read_until(int fd, std::string_view part) {
  std::string all;
  while (all.find(part) == std::string::npos) {
    pollfd watched{fd, POLLIN, 0};
    if (::poll(&watched, 1, 10'000) <= 0) break;
    char piece[4096];
    const auto got = ::read(fd, piece, sizeof piece);
    if (got <= 0) break;
    all.append(piece, static_cast<std::size_t>(got));
  }
  return all;
}

// A service in a child process: its standard output and error are pipes.
class child {
 public:
  child(const std::function<void(app&)>& make, run_options how) {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out_.to.get(), STDOUT_FILENO);
      ::dup2(err_.to.get(), STDERR_FILENO);
      app service;
      make(service);
      std::_Exit(service.run(how));
    }
    out_.to.reset();
    err_.to.reset();
  }
  ~child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // The port that its banner names.
  unsigned short port() {
    const std::string said = read_until(err_.from.get(), "Ctrl-C");
    const auto at = said.find("127.0.0.1:");
    return at == std::string::npos ? static_cast<unsigned short>(0)
                                   : static_cast<unsigned short>(std::stoi(said.substr(at + 10)));
  }
  void stop() const { ::kill(pid_, SIGTERM); }
  int output() const { return out_.from.get(); }
  int errors() const { return err_.from.get(); }

  // Its exit code, or -1 if it does not end in time.
  int exit_code(std::chrono::seconds limit) {
    const auto until = clock::now() + limit;
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
      if (clock::now() > until) return -1;
      std::this_thread::sleep_for(10ms);
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  }

 private:
  pipe_ends out_, err_;
  pid_t pid_ = 0;
};

run_options on_a_free_port() {
  run_options how;
  how.listen = "127.0.0.1:0";
  how.threads = 1;
  how.limits.shutdown = 300ms;
  return how;
}

TEST(running, a_config_that_names_anything_of_tls_is_never_served_as_plain_http) {
  std::vector<tls::config> named(7);
  named[0].certificate = "/nowhere/server.crt";
  named[1].key = "/nowhere/server.key";
  named[2].trust = {"/nowhere/trust.crt"};
  named[3].revocations = {"/nowhere/root.crl"};
  named[4].pki = "/nowhere";
  named[5].clients = tls::client_auth::optional;
  named[6].at_least = tls::version::v1_3;
  for (const auto& config : named) {
    EXPECT_FALSE(config == tls::plain());
    auto how = on_a_free_port();
    how.tls = config;
    child service([](app& made) { made.get("/", [] { return ""; }); }, how);
    EXPECT_THAT(service.exit_code(10s), testing::AnyOf(1, 2)) << &config - named.data();
  }
}

TEST(running, plain_http_beyond_this_machine_is_called_unsafe_also_without_a_banner) {
  auto how = on_a_free_port();
  how.banner = false;
  how.listen = "0.0.0.0:0";
  const child open([](app& made) { made.get("/", [] { return ""; }); }, how);
  EXPECT_THAT(read_until(open.errors(), "\n"), testing::HasSubstr("UNSAFE"));
}

TEST(running, what_a_sleeping_handler_does_is_given_up_when_the_limit_for_stopping_is_over) {
  child service(
      [](app& made) {
        made.get("/", []() -> task<std::string> {
          co_await sleep(25s);
          co_return "late";
        });
      },
      on_a_free_port());
  plain_connection client(service.port());
  client.write(get_request());
  std::this_thread::sleep_for(200ms);
  service.stop();
  EXPECT_EQ(service.exit_code(8s), 0);
  EXPECT_THAT(read_until(service.errors(), "given up"), testing::HasSubstr("1 request was given up"));
}

TEST(running, what_nobody_can_end_is_left_behind_when_the_limit_for_stopping_is_over) {
  const auto hang = [] {
    std::this_thread::sleep_for(60s);
    return "never";
  };
  const std::vector<std::function<void(app&)>> kinds{
      [&](app& made) { made.get("/", blocking(hang)); },
      [&](app& made) { made.get("/", hang); },
      [&](app& made) {
        made.get("/", [&]() -> task<std::string> {
          std::string text = co_await offload(hang);
          co_return text;
        });
      },
  };
  for (const auto& kind : kinds) {
    child service(kind, on_a_free_port());
    plain_connection client(service.port());
    client.write(get_request());
    std::this_thread::sleep_for(200ms);
    service.stop();
    EXPECT_EQ(service.exit_code(8s), 1);
    EXPECT_THAT(read_until(service.errors(), "left behind"), testing::HasSubstr("1 connection(s) left behind"));
  }
}

TEST(running, ends_also_when_a_handler_of_on_revoked_does_not_come_back) {
  const server_files files(make_pki());
  const auto& people = files.people();
  auto how = on_a_free_port();
  how.tls = files.config(tls::client_auth::required, true);
  how.banner = false;
  how.on_ready = [](const std::vector<std::string>& addresses) {
    const auto line = addresses.front() + " Ctrl-C\n";
    EXPECT_EQ(::write(STDERR_FILENO, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  };
  child service(
      [](app& made) {
        made.get("/", [] { return ""; });
        made.on_revoked([](const peer&) { std::this_thread::sleep_for(25s); });
      },
      how);
  tls_connection alice(service.port(), {.chain = {people.client, people.intermediate}, .server_name = "localhost"});
  ASSERT_TRUE(alice.ask());
  files.folder().write("intermediate.crl",
                       pem(make_crl(people.intermediate, {.revoked = {people.client}, .number = 2}).get()));
  EXPECT_EQ(alice.read_to_end(), "");
  service.stop();
  EXPECT_EQ(service.exit_code(8s), 1);
  EXPECT_THAT(read_until(service.errors(), "left behind"), testing::HasSubstr("what on_revoked was told left behind"));
}

TEST(running, goes_on_when_nobody_reads_its_log_and_still_ends_when_asked) {
  child service([](app& made) { made.get("/{rest...}", [](const std::string&) { return ""; }); }, on_a_free_port());
  plain_connection client(service.port());
  const std::string target = "/" + std::string(900, 'a');
  for (int count = 0; count < 1500; ++count) {
    client.write(get_request(target));
    ASSERT_EQ(client.read_answer().status, 200) << count;
  }
  service.stop();
  EXPECT_EQ(service.exit_code(8s), 0);
}

TEST(running, tells_its_addresses_when_it_is_ready_and_ends_when_the_program_says_so) {
  app service;
  service.get("/", [] { return "here"; });
  auto how = on_a_free_port();
  how.banner = how.access_log = false;
  how.also_listen = {"127.0.0.2:0"};
  std::vector<std::string> told;
  how.on_ready = [&](const std::vector<std::string>& addresses) {
    told = addresses;
    plain_connection client(static_cast<unsigned short>(std::stoi(addresses.at(0).substr(10))));
    client.write(get_request());
    EXPECT_EQ(client.read_answer().body, "here");
    service.stop();
  };
  for (int count = 0; count < 2; ++count) {
    EXPECT_EQ(service.run(how), 0);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_THAT(told[0], testing::MatchesRegex("127.0.0.1:[1-9][0-9]*"));
    EXPECT_THAT(told[1], testing::MatchesRegex("127.0.0.2:[1-9][0-9]*"));
  }
  service.stop();
  how.on_ready = nullptr;
  EXPECT_EQ(service.run(how), 0) << "asked for beforehand";
}

TEST(running, writes_all_of_its_log_before_it_ends) {
  child service([](app& made) { made.get("/{n}", [](int) { return ""; }); }, on_a_free_port());
  {
    plain_connection client(service.port());
    for (int count = 0; count < 100; ++count) {
      client.write(get_request("/" + std::to_string(count)));
      ASSERT_EQ(client.read_answer().status, 200);
    }
  }
  service.stop();
  EXPECT_EQ(service.exit_code(8s), 0);
  const std::string all = read_until(service.output(), "GET /99 ");
  for (int count = 0; count < 100; ++count) {
    EXPECT_THAT(all, testing::HasSubstr("\"GET /" + std::to_string(count) + " HTTP/1.1\" 200 0 ")) << count;
  }
}

}  // namespace
}  // namespace mutual::test
