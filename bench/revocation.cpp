// What revocation costs when the revoked are many: bench_revocation COUNT puts so many random serial numbers of 20
// octets on a list, as a server keeps it, looks a part of them and as many strangers up, and prints one line of JSON.

#include "base/text.hpp"
#include "x509/revoked_serials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::bench {
namespace {

constexpr std::size_t most = 50'000'000;
constexpr std::size_t asked = 1'000'000;

// Of this thread's own: what else the machine does meanwhile is not in it.
double cpu_nanoseconds() {
  timespec used{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

std::string random_serial(std::mt19937_64& from) {
  std::string number(20, '\0');
  for (std::size_t at = 0; at < number.size(); at += 4) {
    const auto bits = from();
    for (std::size_t octet = 0; octet < 4; ++octet) number[at + octet] = static_cast<char>(bits >> (8 * octet));
  }
  number[0] = static_cast<char>((static_cast<unsigned char>(number[0]) & 0x3FU) | 0x40U);
  return number;
}

struct population {
  std::string entries;               // as revokedCertificates has them
  std::vector<std::string> revoked;  // some of them
  std::vector<std::string> strangers;
};

population make(std::size_t count) {
  std::mt19937_64 from(1);
  population out;
  out.entries.reserve(count * 39);
  const std::size_t step = std::max<std::size_t>(1, count / asked);
  for (std::size_t at = 0; at < count; ++at) {
    const auto number = random_serial(from);
    out.entries.append("\x30\x25\x02\x14").append(number).append("\x17\x0D").append("260101000000Z");
    if (at % step == 0) out.revoked.push_back(number);
  }
  for (std::size_t at = 0; at < out.revoked.size(); ++at) out.strangers.push_back(random_serial(from));
  return out;
}

// Gives nanoseconds a question; `found` counts those that are on the list.
double ask(const x509::revoked_serials& list, const std::vector<std::string>& all, std::size_t& found) {
  const auto begun = cpu_nanoseconds();
  for (const auto& one : all) found += list.contains(one) ? 1U : 0U;
  return (cpu_nanoseconds() - begun) / static_cast<double>(all.size());
}

// The same, but each question waits for the answer to the one before: what one costs that nothing else hides.
double ask_after_another(const x509::revoked_serials& list, const std::vector<std::string>& all) {
  const auto begun = cpu_nanoseconds();
  volatile std::size_t at = 0;
  for (std::size_t asked_already = 0; asked_already < all.size(); ++asked_already) {
    volatile bool is_there = list.contains(all[at]);
    at = at + 1 - static_cast<std::size_t>(is_there) + static_cast<std::size_t>(is_there);
  }
  return (cpu_nanoseconds() - begun) / static_cast<double>(all.size());
}

int run(std::string_view word) {
  const auto count = text::to_number(word);
  if (!count || *count == 0 || *count > most) {
    fmt::print(stderr, "bench_revocation: give how many are revoked, at most {}\n", most);
    return 2;
  }
  const auto all = make(*count);
  const auto begun = cpu_nanoseconds();
  const auto list = x509::revoked_serials::from_entries(all.entries);
  const auto built = (cpu_nanoseconds() - begun) / 1e6;
  if (!list) return 1;
  std::size_t hits = 0;
  std::size_t false_hits = 0;
  const auto hit = ask(*list, all.revoked, hits);
  const auto miss = ask(*list, all.strangers, false_hits);
  if (hits != all.revoked.size() || false_hits != 0) {
    fmt::print(stderr, "bench_revocation: {} of {} were found, and {} strangers\n", hits, all.revoked.size(),
               false_hits);
    return 1;
  }
  const auto hit_alone = ask_after_another(*list, all.revoked);
  const auto miss_alone = ask_after_another(*list, all.strangers);
  fmt::print(
      "{{\"entries\":{},\"built_ms\":{:.0f},\"bytes_each\":{:.2f},\"revoked_ns\":{:.1f},\"stranger_ns\":{:.1f},"
      "\"revoked_alone_ns\":{:.1f},\"stranger_alone_ns\":{:.1f}}}\n",
      *count, built, static_cast<double>(list->bytes()) / static_cast<double>(*count), hit, miss, hit_alone,
      miss_alone);
  return 0;
}

}  // namespace
}  // namespace mutual::bench

int main(int count, char** words) { return mutual::bench::run(count == 2 ? words[1] : ""); }
