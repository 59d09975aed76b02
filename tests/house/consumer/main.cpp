// What a program outside this project sees: the installed headers and one target. It reaches into every part that an
// archive could lack: routing, JSON, the policy, and the TLS that a real listener would start with.

#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <iostream>

static mutual::peer person(const std::string& name) {
  mutual::peer_data data;
  data.common_name = name;
  data.subject = "CN=" + name;
  return mutual::peer(std::move(data));
}

int main() {
  mutual::app app;
  app.get("/", [](const mutual::peer& who) { return "Hello, " + who.name() + "\n"; });

  mutual::test_client client(app);
  const auto stranger = client.get("/");
  const auto greeting = client.as(person("alice")).get("/");
  if (stranger.status == 200 || greeting.body != "Hello, alice\n") return 1;

  mutual::app unreachable;
  const int code = unreachable.run({.listen = "127.0.0.1:0", .tls = mutual::tls::from_pki("no-such-folder")});
  if (code == 0) return 1;
  std::cout << "A service may be built on this.\n";
}
