// Tells how many bytes a program holds: preloaded, it answers whoever connects to the socket named by LIVE_BYTES with the
// number that the allocator knows (a sanitizer's own, or glibc's), and closes.
//
//   cc -shared -fPIC -o live_bytes.so live_bytes.c -ldl -lpthread
//   LD_PRELOAD=./live_bytes.so LIVE_BYTES=/tmp/live mutual serve ...
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static size_t live_bytes(void) {
  size_t (*sanitizers)(void);
  *(void**)&sanitizers = dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes");
  if (sanitizers != NULL) return sanitizers();
  const struct mallinfo2 known = mallinfo2();
  return known.uordblks + known.hblkhd;
}

static void* answer_all(void* listening) {
  for (;;) {
    const int asking = accept((int)(long)listening, NULL, NULL);
    if (asking < 0) return NULL;
    dprintf(asking, "%zu\n", live_bytes());
    close(asking);
  }
}

__attribute__((constructor)) static void begin(void) {
  const char* place = getenv("LIVE_BYTES");
  if (place == NULL) return;
  unsetenv("LD_PRELOAD");  // programs that this one starts are not asked
  struct sockaddr_un where = {.sun_family = AF_UNIX};
  strncpy(where.sun_path, place, sizeof where.sun_path - 1);
  const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sigset_t all, before;
  sigfillset(&all);
  pthread_t thread;
  if (listening < 0 || bind(listening, (struct sockaddr*)&where, sizeof where) != 0 || listen(listening, 8) != 0 ||
      pthread_sigmask(SIG_SETMASK, &all, &before) != 0 ||
      pthread_create(&thread, NULL, answer_all, (void*)(long)listening) != 0) {
    fprintf(stderr, "live_bytes: cannot answer at %s\n", place);
    exit(2);
  }
  pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}
