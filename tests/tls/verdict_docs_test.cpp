// docs/reasons.md is written from the reasons themselves; MUTUAL_WRITE_DOCS=1 writes it anew.
#include "base/file.hpp"
#include "tls/reason_alert.hpp"

#include <mutual/reason.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>

namespace mutual {
namespace {

constexpr std::string_view head = R"(# Reasons

Whoever is refused is refused for one reason. Its code is the same in the log, in `mutual get` and
here, and it never changes: programs may match on it. [verdict.md](verdict.md) says how it is found, and which is told
when there are several.

The client is told by a TLS alert. There are fewer alerts than reasons, so several share one; a reason that is the
server's own fault is never told as a fault of the certificate. Alerts are those of RFC 8446, section 6.2; where TLS 1.2
has another one, it stands after the stroke. In TLS 1.3 the alert comes after the client believes itself connected: with
the first read.

)";

// RFC 8446's names; OpenSSL's differ between its versions.
std::string alert_name(int number) {
  static const std::map<int, std::string> names{
      {40, "handshake_failure"},   {42, "bad_certificate"},      {43, "unsupported_certificate"},
      {44, "certificate_revoked"}, {45, "certificate_expired"},  {46, "certificate_unknown"},
      {48, "unknown_ca"},          {49, "access_denied"},        {51, "decrypt_error"},
      {70, "protocol_version"},    {116, "certificate_required"}};
  return fmt::format("`{}` ({})", names.at(number), number);
}

std::string alert_text(reason code) {
  const auto newer = tls::alert_for(code, tls::version::v1_3);
  const auto older = tls::alert_for(code, tls::version::v1_2);
  if (!newer) return "none; the connection is closed";
  if (code == reason::no_common_protocol) {
    return alert_name(*newer) + ", or `no_application_protocol` (120) when it is ALPN that has nothing in common";
  }
  if (code == reason::policy_denied) {
    return alert_name(*newer) + " in a handshake; a request that a policy denies is answered with 403";
  }
  return older == newer ? alert_name(*newer) : alert_name(*newer) + " / " + alert_name(*older);
}

std::string document() {
  std::string all(head);
  for (int at = 0; at <= static_cast<int>(reason::probe); ++at) {
    const auto code = static_cast<reason>(at);
    all += fmt::format("## `{}`\n\n{}\n\n- What to do: {}\n- Alert: {}\n{}\n", to_string(code), meaning(code),
                       remedy(code), alert_text(code),
                       is_servers_fault(code) ? "- Whose fault: the server's, not the client's.\n" : "");
  }
  all.pop_back();
  return all;
}

TEST(reasons, stand_in_the_docs_as_they_are) {
  const auto path = std::filesystem::path(MUTUAL_SOURCE_DIR) / "docs/reasons.md";
  const auto expected = document();
  if (std::getenv("MUTUAL_WRITE_DOCS") != nullptr) {
    ASSERT_TRUE(file::replace(path, expected, file::access::everyone));
  }
  const auto written = file::read(path);
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(*written, expected) << "run this test with MUTUAL_WRITE_DOCS=1";
}

}  // namespace
}  // namespace mutual
