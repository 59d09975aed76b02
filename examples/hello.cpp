#include <mutual/mutual.hpp>

int main() {
  mutual::app app;
  app.get("/", [](const mutual::peer& who) { return "Hello, " + who.name() + "\n"; });
  return app.run({.listen = "127.0.0.1:5000", .tls = mutual::tls::from_pki("pki")});
}
