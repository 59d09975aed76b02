// Paths of revocation lists and of CAs' certificates: which lead somewhere, and where.
#include "ca_service/list_path.hpp"

#include <gmock/gmock.h>

namespace mutual::ca_service {
namespace {

using kind = named_list::kind;

std::string told(std::string_view path) {
  const auto read = list_named_by(path);
  if (!read) return "nothing";
  constexpr const char* kinds[] = {"all", "deltas", "full", "delta", "of serial"};
  return kinds[static_cast<int>(read->is)] + std::string(" ") + read->of;
}

TEST(the_path_of_a_list, names_one_of_few_files) {
  EXPECT_EQ(told("all.pem"), "all ");
  EXPECT_EQ(told("delta.pem"), "deltas ");
  EXPECT_EQ(told("intermediate.crl"), "full intermediate");
  EXPECT_EQ(told("root.crl"), "full root");
  EXPECT_EQ(told("intermediate.delta.crl"), "delta intermediate");
  EXPECT_EQ(told("root.delta.crl"), "delta root");
  EXPECT_EQ(told("retired/0123456789abcdef.crl"), "full retired/0123456789abcdef");
  EXPECT_EQ(told("0123456789abcdef.crl"), "of serial 0123456789abcdef");
}

TEST(the_path_of_a_list, leads_nowhere_else) {
  const std::string longest(40, 'a');
  EXPECT_EQ(told(longest + ".crl"), "of serial " + longest);
  EXPECT_EQ(told("retired/" + longest + ".crl"), "full retired/" + longest);
  for (const std::string& path : {std::string(),
                                  std::string(".crl"),
                                  std::string("all"),
                                  std::string("all.crl"),
                                  std::string("all.pem/"),
                                  std::string("/all.pem"),
                                  std::string("./root.crl"),
                                  std::string("../root.crl"),
                                  std::string("retired/.crl"),
                                  std::string("retired/root.crl"),
                                  std::string("retired/retired/a.crl"),
                                  std::string("retired//a.crl"),
                                  std::string("retired/../a.crl"),
                                  std::string("retired/a.delta.crl"),
                                  std::string("a.delta.crl"),
                                  std::string("A.crl"),
                                  std::string("xyz.crl"),
                                  std::string("a/b.crl"),
                                  std::string("a.crl\0", 6),
                                  std::string("\0a.crl", 6),
                                  std::string("root.crl.crl"),
                                  std::string("root.key"),
                                  std::string("above.crl"),
                                  std::string("Root.crl"),
                                  std::string("a.crt"),
                                  longest + "a.crl",
                                  "retired/" + longest + "a.crl"}) {
    EXPECT_EQ(told(path), "nothing") << testing::PrintToString(path);
  }
}

TEST(the_path_of_a_certificate, is_a_serial_number) {
  EXPECT_EQ(issuer_named_by("0123456789abcdef.crt"), "0123456789abcdef");
  for (const char* path : {"", ".crt", "root.crt", "A.crt", "a.crl", "../a.crt", "retired/a.crt", "a.crt.crt"}) {
    EXPECT_FALSE(issuer_named_by(path)) << path;
  }
  EXPECT_FALSE(issuer_named_by(std::string(41, 'a') + ".crt"));
}

}  // namespace
}  // namespace mutual::ca_service
