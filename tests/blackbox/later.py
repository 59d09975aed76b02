"""The programs at another time: a library that is loaded before theirs moves the clock on."""

from authority_test import clean_environment

PRELOAD = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec* out) {
  const int code = (int)syscall(SYS_clock_gettime, which, out);
  const char* days = getenv("DAYS_LATER");
  if (code == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) out->tv_sec += days ? atol(days) * 86400 : 0;
  return code;
}
time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}
"""


class Later:
    """For test cases: make_clock() in setUp(), and env=self.in_days(n) for a program that is to run n days from now."""

    def make_clock(self):
        self.write("later.c", PRELOAD.encode())
        self.run_tool("cc", "-shared", "-fPIC", "-o", "later.so", "later.c")

    def in_days(self, days):
        return clean_environment(LD_PRELOAD=self.at("later.so"), DAYS_LATER=str(days), ASAN_OPTIONS="verify_asan_link_order=0")
