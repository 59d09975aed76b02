#include "support/suites.hpp"

#include "base/file.hpp"

#include <boost/json.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace mutual::test {
namespace {

namespace json = boost::json;

std::string text_or_empty(const json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::vector<std::string> texts(const json::object& from, const char* name) {
  std::vector<std::string> all;
  for (const auto& each : from.at(name).as_array()) all.emplace_back(each.as_string());
  return all;
}

// "2024-03-01T00:00:00.999+00:00": a fraction is cut off, as clocks in whole seconds do.
sys_seconds to_time(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) != 6 ||
      !text.ends_with("+00:00")) {
    throw std::runtime_error("suites: not a time: " + text);
  }
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) +
         std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

limbo_case to_case(const json::object& from, const json::object& tiers) {
  limbo_case made;
  made.id = text_or_empty(from, "id");
  made.tier = text_or_empty(tiers.at(made.id).as_object(), "tier");
  made.good = text_or_empty(from, "expected_result") == "SUCCESS";
  made.trusted = texts(from, "trusted_certs");
  made.intermediates = texts(from, "untrusted_intermediates");
  made.leaf = text_or_empty(from, "peer_certificate");
  made.key = text_or_empty(from, "peer_certificate_key");
  made.crls = texts(from, "crls");
  if (const auto time = text_or_empty(from, "validation_time"); !time.empty()) made.at = to_time(time);
  if (from.at("max_chain_depth").is_int64()) made.depth = static_cast<int>(from.at("max_chain_depth").as_int64());
  if (const auto& name = from.at("expected_peer_name"); name.is_object()) {
    made.host = text_or_empty(name.as_object(), "value");
  }
  return made;
}

}  // namespace

std::string suite_path(const std::string& file) {
  const char* folder = std::getenv("MUTUAL_SUITES");
  return (folder != nullptr ? std::filesystem::path(folder)
                            : std::filesystem::path(MUTUAL_SOURCE_DIR).parent_path() / "shared/suites") /
         file;
}

bool has_suite(const std::string& file) {
  if (std::filesystem::exists(suite_path(file))) return true;
  // Whoever names the folder wants the suites to be run: one that is not there must not look like a pass.
  if (std::getenv("MUTUAL_SUITES") != nullptr) throw std::runtime_error(suite_absent(file));
  return false;
}

std::string suite_absent(const std::string& file) {
  return "the suite " + file + " is not at " + suite_path(file) + ": set MUTUAL_SUITES to its folder";
}

std::optional<json::value> load_suite(const std::string& file) {
  if (!has_suite(file)) return std::nullopt;
  const auto path = suite_path(file);
  struct closes {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<FILE, closes> unpacked(::popen(("exec gzip -dc '" + path + "'").c_str(), "r"));
  if (!unpacked) throw std::runtime_error("suites: cannot run gzip");
  json::stream_parser parser;
  std::array<char, 65536> piece{};
  while (const auto size = std::fread(piece.data(), 1, piece.size(), unpacked.get())) parser.write(piece.data(), size);
  parser.finish();
  return parser.release();
}

std::vector<limbo_case> load_limbo() {
  const auto cases = load_suite("limbo-clientauth.json.gz");
  const auto tiers = load_suite("limbo-clientauth-tiers.json.gz");
  std::vector<limbo_case> all;
  if (!cases || !tiers) return all;
  for (const auto& each : cases->at("testcases").as_array()) {
    all.push_back(to_case(each.as_object(), tiers->as_object()));
  }
  return all;
}

std::string limbo_docs() {
  const auto text = file::read(std::filesystem::path(MUTUAL_SOURCE_DIR) / "docs/limbo.md");
  return text ? *text : std::string();
}

// The rows of the tables of differences: "| `id` | tier | why |".
std::set<std::string> explained_differences() {
  std::set<std::string> ids;
  std::istringstream lines(limbo_docs());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    ids.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return ids;
}

}  // namespace mutual::test
