// The smallest app: who you are, in fourteen bytes for a peer whose name has six. What the benchmarks measure.
//
//   bench_serve LISTEN CERT KEY TRUST [THREADS [FOLDER]]

#include <mutual/mutual.hpp>

#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
  if (count < 5) {
    std::fputs("usage: bench_serve LISTEN CERT KEY TRUST [THREADS [FOLDER]]\n", stderr);
    return 2;
  }
  mutual::app app;
  app.get("/", [](const mutual::peer& who) { return "Hello, " + who.name() + "\n"; });
  if (count > 6) app.folder("/files", words[6]);
  mutual::run_options how;
  how.listen = words[1];
  how.tls = mutual::tls::from_files(words[2], words[3], {words[4]});
  how.threads = count > 5 ? static_cast<unsigned>(std::strtoul(words[5], nullptr, 10)) : 1;
  how.access_log = false;
  how.banner = false;
  return app.run(how);
}
