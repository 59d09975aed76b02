#include "authority/layout.hpp"

#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace mutual::authority {
namespace {

// NAME.crt.new-0123456789abcdef must still be a file name (255 bytes).
constexpr std::size_t longest_name = 128;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

bool is_for_servers(const std::filesystem::path& file) {
  const auto found = x509::load_bundle(file);
  return found && !found->certificates.empty() && found->certificates.front().allows_server();
}

std::vector<std::string> server_names(const layout& places) {
  std::vector<std::string> names;
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.issued(), code), end; !code && at != end; at.increment(code)) {
    const auto& path = at->path();
    if (path.extension() == ".crt" && is_for_servers(path)) names.push_back(path.stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

result<std::string> checked_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return error(errc::bad_usage, fmt::format("{} cannot be the name of files: {}", text::quoted(name), why));
  };
  if (name.empty()) return refuse("it is empty");
  if (name.size() > longest_name) return refuse("it is longer than 128 bytes");
  if (name.front() == '.' || name.front() == '-') return refuse("it begins with a dot or a hyphen");
  if (name.front() == ' ' || name.back() == ' ') return refuse("it begins or ends with a space");
  if (name.find_first_of("/\\") != std::string_view::npos) return refuse("it holds a slash");
  if (name.find_first_of("*?") != std::string_view::npos) {
    return refuse("it holds a wildcard; name it otherwise, and give the wildcard as an alternative name after it");
  }
  // What printable() has to change is a control character, a quote, or not UTF-8.
  if (text::printable(name, longest_name + 1) != name) return refuse("it holds quotes, control characters or no UTF-8");
  return std::string(name);
}

std::filesystem::path pki_folder(const std::filesystem::path& given) {
  if (!given.empty()) return given;
  std::error_code code;
  const char* from_environment = std::getenv("MUTUAL_PKI");
  if (from_environment == nullptr || *from_environment == '\0' || std::filesystem::exists("pki", code)) return "pki";
  return from_environment;
}

result<std::string> find_server_certificate(const std::filesystem::path& folder, std::string_view name) {
  const layout places(folder);
  if (!name.empty()) {
    MUTUAL_TRY(auto safe, checked_name(name));
    MUTUAL_TRY(const auto certificates, x509::load_certificates(places.certificate(safe)));
    if (!certificates.front().allows_server()) {
      return error(errc::bad_input, fmt::format("{} is not for servers: issue one with mutual issue server",
                                                shown(places.certificate(safe))));
    }
    return safe;
  }
  std::error_code code;
  if (!std::filesystem::is_directory(places.issued(), code)) {
    return error(errc::not_found, fmt::format("there is no PKI in {}: make one with mutual init", shown(folder)));
  }
  const auto names = server_names(places);
  if (names.size() == 1) return names.front();
  if (names.empty()) {
    return error(errc::not_found, fmt::format("{} holds no server certificate: issue one with mutual issue server",
                                              shown(places.issued())));
  }
  return error(errc::bad_usage, fmt::format("{} holds {} server certificates: say which of {}", shown(places.issued()),
                                            names.size(), fmt::join(names, ", ")));
}

}  // namespace mutual::authority
