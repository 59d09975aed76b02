#include "app/encoded_sibling.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace mutual {
namespace {

using http::coding;

constexpr std::array<std::pair<std::string_view, coding>, 3> endings = {
    {{".zst", coding::zstd}, {".br", coding::br}, {".gz", coding::gzip}}};

// Tools that compress give what they make the file's own time, some of them (brotli) in whole seconds.
bool is_older(const struct stat& one, const struct stat& other) {
  if (one.st_mtim.tv_sec != other.st_mtim.tv_sec) return one.st_mtim.tv_sec < other.st_mtim.tv_sec;
  return one.st_mtim.tv_nsec != 0 && one.st_mtim.tv_nsec < other.st_mtim.tv_nsec;
}

bool is_a_sibling(std::string_view name) {
  return std::any_of(endings.begin(), endings.end(), [&](const auto& each) { return name.ends_with(each.first); });
}

}  // namespace

bool choose_sibling(const request& asked, const std::string& name,
                    const std::function<std::optional<descriptor>(const std::string& name)>& open,
                    encoded_sibling& best) {
  const auto accepted = http::accepted_codings::read(asked.headers.get_all("Accept-Encoding"));
  if (is_a_sibling(name)) return true;
  const struct stat plain = best.facts;
  for (const auto& [ending, how] : endings) {
    const int weight = accepted.weight(how), reached = accepted.weight(best.how);
    if (weight == 0 || weight < reached) continue;
    auto handle = open(name + std::string(ending));
    if (!handle) return false;
    struct stat facts {};
    if (!*handle || ::fstat(handle->get(), &facts) != 0 || !S_ISREG(facts.st_mode) || is_older(facts, plain)) continue;
    const bool smaller = best.how == coding::identity || facts.st_size < best.facts.st_size;
    if (weight > reached || smaller) best = {how, *std::move(handle), facts};
  }
  return true;
}

}  // namespace mutual
