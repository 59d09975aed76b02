// One program, three ways to serve it, by configuration alone:
//
//     tutorial                                      plain HTTP: everybody is answered, and everybody can read along
//     tutorial server.crt server.key                HTTPS: the server proves who it is
//     tutorial server.crt server.key client.crt     mutual TLS: the client, or a CA's clients, proves it too
//
// Self-signed certificates will do:
//
//     openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost -addext subjectAltName=DNS:localhost
//             -keyout server.key -out server.crt
#include <mutual/mutual.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <vector>

int main(int count, char** arguments) {
  mutual::app app;
  app.get("/", [](mutual::maybe_peer who) { return who ? "Hello, " + who->name() + "!\n" : "Hello, World!\n"; });

  const std::vector<std::filesystem::path> files(arguments + 1, arguments + count);
  const char* listen = std::getenv("TUTORIAL_LISTEN");
  mutual::run_options how;
  if (listen != nullptr) how.listen = listen;
  if (files.size() == 1) {
    std::cerr << "usage: tutorial [server.crt server.key [client.crt...]]\n";
    return 2;
  }
  if (files.size() >= 2) how.tls = mutual::tls::from_files(files[0], files[1], {files.begin() + 2, files.end()});
  return app.run(how);
}
