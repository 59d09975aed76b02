// The rules of request lines and header fields, one by one.

#include "http/reading.hpp"

namespace mutual::http {
namespace {

using testing::first_status;
using testing::read_alike;

// A request with this request line, else good.
std::string with_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }

// A request with these lines after Host, else good.
std::string with_fields(const std::string& lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n"; }

std::string with_host(const std::string& host) { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"; }

TEST(request_line, has_a_method_a_target_and_a_version_with_single_spaces_between) {
  EXPECT_EQ(first_status(with_line("GET / HTTP/1.1")), 0);
  for (const auto* line : {"GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ",
                           "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", "GET / x HTTP/1.1", "GET /", "GET", "GET HTTP/1.1",
                           "GET  HTTP/1.1", "GET / HTTP/1.1\r", "GET / HTTP/1.1\t", "GET / HTTP/1.1\v", "/ HTTP/1.1"}) {
    EXPECT_EQ(first_status(with_line(line)), 400) << line;
  }
}

TEST(request_line, has_a_method_that_is_a_token) {
  for (const auto* method : {"GE(T", "GET:", "\"GET\"", "G\xC3\x89T", "G\x01T", "GET\x7F", "{GET}"}) {
    EXPECT_EQ(first_status(with_line(std::string(method) + " / HTTP/1.1")), 400) << method;
  }
  EXPECT_EQ(first_status(std::string("G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", 27)), 400);
}

TEST(request_line, names_a_known_method_or_is_501) {
  for (const auto* method :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH", "REPORT", "PURGE",
        "UNSUBSCRIBE", "LINK", "MKCALENDAR", "ACL", "SEARCH", "UNBIND"}) {
    EXPECT_EQ(first_status(with_line(std::string(method) + " / HTTP/1.1")), 0) << method;
  }
  for (const auto* method :
       {"BREW", "get", "Get", "GETX", "X", "SOURCE", "ANNOUNCE", "DESCRIBE", "PRI", "QUERY", "CONNECT"}) {
    EXPECT_EQ(first_status(with_line(std::string(method) + " / HTTP/1.1")), 501) << method;
  }
  EXPECT_EQ(first_status(with_line("CONNECT example.com:443 HTTP/1.1")), 501);
}

TEST(request_line, speaks_http_1_1_or_1_0_and_another_version_is_505) {
  EXPECT_EQ(first_status("GET / HTTP/1.0\r\n\r\n"), 0);
  for (const auto* version : {"HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0", "HTTP/1.9"}) {
    EXPECT_EQ(first_status(with_line("GET / " + std::string(version))), 505) << version;
  }
  for (const auto* version :
       {"http/1.1", "HTTP/1.1.1", "HTTP/11", "HTTP/1.", "HTTP/.1", "HTTP/1,1", "HTTP/1.10", "HTTP/01.1", "HTTP/1.1x",
        "HTTPS/1.1", "RTSP/1.0", "ICE/1.0", "HTTP 1.1", "HTTP/1.\xB2", "HTTP/+1.1"}) {
    EXPECT_EQ(first_status(with_line("GET / " + std::string(version))), 400) << version;
  }
}

TEST(request_line, of_http_2_is_answered_in_words) {
  const auto got = read_alike("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_EQ(got.status, 505);
  EXPECT_THAT(got.detail, ::testing::HasSubstr("HTTP/2 was not negotiated"));
}

TEST(request_line, may_follow_one_empty_line) {
  EXPECT_EQ(first_status("\r\n" + with_line("GET / HTTP/1.1")), 0);
  EXPECT_EQ(first_status("\r\n\r\n" + with_line("GET / HTTP/1.1")), 400);
  EXPECT_EQ(first_status("\n" + with_line("GET / HTTP/1.1")), 400);
  EXPECT_EQ(first_status("\r" + with_line("GET / HTTP/1.1")), 400);
  EXPECT_EQ(first_status(" \r\n" + with_line("GET / HTTP/1.1")), 400);
}

TEST(request_line, is_refused_at_its_first_byte_if_it_cannot_be_one) {
  const auto tls = read_alike(std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7));
  EXPECT_EQ(tls.status, 400);
  EXPECT_THAT(tls.detail, ::testing::HasSubstr("TLS handshake"));
  for (const auto* first : {" ", "\x80", "(", "\t", "\x01"}) EXPECT_EQ(read_alike(first).status, 400) << first;
}

TEST(request_target, is_a_path_with_a_query) {
  for (const auto* target : {"/", "/a/b;c=d", "/%20%C3%A9", "/?a=b&c=d+e", "/a?b?c", "//a", "/a//b",
                             "/~u/!$&'()*+,;=:@", "/?q[]=1&r={}|^`", "/.."}) {
    EXPECT_EQ(first_status(with_line("GET " + std::string(target) + " HTTP/1.1")), 0) << target;
  }
}

TEST(request_target, has_no_character_that_parsers_disagree_about) {
  for (const auto* target :
       {"/\"",  "/<",   "/>",  "/\\", "/#", "/a#b", "/\xC3\xA9", "/\x7F", "/\x01",          "/%",         "/%4",
        "/%zz", "/%4g", "/?%", "a",   "",   "?a",   "*a",        "/\r",   "example.com:80", "example.com"}) {
    EXPECT_EQ(first_status(with_line("GET " + std::string(target) + " HTTP/1.1")), 400) << target;
  }
  EXPECT_EQ(first_status(std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28)), 400);
}

TEST(request_target, is_an_asterisk_for_options_alone) {
  EXPECT_EQ(first_status(with_line("OPTIONS * HTTP/1.1")), 0);
  EXPECT_EQ(first_status(with_line("GET * HTTP/1.1")), 400);
}

TEST(request_target, in_absolute_form_becomes_a_path) {
  const auto target_of = [](const std::string& line, const std::string& host) {
    const auto got = read_alike(line + "\r\n" + host + "\r\n");
    return got.messages.empty() ? std::to_string(got.status) : got.messages.front();
  };
  EXPECT_EQ(target_of("GET http://a.example:80/x?y HTTP/1.1", "Host: a.example:80\r\n"),
            "GET /x?y 1.1|Host=a.example:80|body=");
  EXPECT_EQ(target_of("GET HTTPS://A.Example HTTP/1.1", "Host: a.example\r\n"), "GET / 1.1|Host=a.example|body=");
  EXPECT_EQ(target_of("GET http://a?q HTTP/1.1", "Host: a\r\n"), "GET /?q 1.1|Host=a|body=");
  EXPECT_EQ(target_of("GET http://[::1]:8080/ HTTP/1.1", "Host: [::1]:8080\r\n"), "GET / 1.1|Host=[::1]:8080|body=");
  EXPECT_EQ(target_of("GET http://a/x HTTP/1.0", ""), "GET /x 1.0|Host=a|body=") << "its host is not lost";
}

TEST(request_target, in_absolute_form_names_the_same_host_as_host) {
  EXPECT_EQ(first_status("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET http://a/ HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n"), 400);
}

TEST(request_target, in_absolute_form_is_http_with_a_plain_host) {
  for (const auto* target : {"http://", "http:///x", "http://u@a/", "http://u:p@a/", "ftp://a/", "http:/a", "http:a",
                             "://a/", "http://a b/", "http://a:0/", "http://a:99999/", "http://[::1/", "//a/x?://"}) {
    EXPECT_EQ(first_status("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
              std::string_view(target).starts_with("//") ? 0 : 400)
        << target;
  }
}

TEST(host, stands_once_in_http_1_1) {
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(host, is_a_name_or_an_address_with_or_without_a_port) {
  for (const auto* host : {"a", "localhost:5000", "a-b.example.com.", "a_b", "127.0.0.1:1", "[::1]",
                           "[2001:db8::1]:65535", "[::ffff:192.0.2.1]", "XN--80AK6AA92E.example"}) {
    EXPECT_EQ(first_status(with_host(host)), 0) << host;
  }
  for (const auto* host :
       {"",    ":80",    "a:",           "a:0",  "a:65536", "a:080080", "a:x",      "a:+1",     "a b",
        "a,b", "a/b",    "a@b",          "a%41", "a?b",     "a#b",      "http://a", "[::1",     "::1",
        "[a]", "[::1]x", "[::1%25eth0]", "[]",   "a:1:2",   "\xC3\xA9", "a\tb",     "[1.2.3.4]"}) {
    EXPECT_EQ(first_status(with_host(host)), 400) << host;
  }
  EXPECT_EQ(first_status(with_host(std::string(256, 'a'))), 400);
}

TEST(header_field, is_a_token_a_colon_and_a_value_without_controls) {
  const auto got =
      read_alike(with_fields("x-a:b\r\nX-B: \t c d \t\r\nX-C:\r\nX-D: :\r\n!#$%&'*+-.^_`|~0aZ: \xC3\xA9\xFF\"\r\n"));
  ASSERT_EQ(got.messages.size(), 1U) << got.detail;
  EXPECT_EQ(got.messages[0], "GET / 1.1|Host=a|x-a=b|X-B=c d|X-C=|X-D=:|!#$%&'*+-.^_`|~0aZ=\xC3\xA9\xFF\"|body=");
  for (const auto* line : {"X", "X b", ": b", ":", "X : b", "X\t: b", "X\x0B: b", "X(: b", "X/Y: b", "\"X\": b",
                           "X\xC3\xA9: b", "X@: b", "[X]: b", "X,Y: b", "X;: b", "{X}: b", "X\x7F: b", "\x01: b"}) {
    EXPECT_EQ(first_status(with_fields(std::string(line) + "\r\n")), 400) << line;
  }
  for (int control = 0; control < 0x20; ++control) {
    if (control == '\t') continue;
    const auto c = static_cast<char>(control);
    EXPECT_EQ(first_status(with_fields(std::string("X: a") + c + "b\r\n")), 400) << control;
    EXPECT_EQ(first_status(with_fields(std::string("X") + c + "Y: b\r\n")), 400) << control;
  }
  EXPECT_EQ(first_status(with_fields("X: a\x7F\r\n")), 400);
}

TEST(header_field, stands_on_one_line) {
  EXPECT_EQ(first_status(with_fields("X: a\r\n b\r\n")), 400);
  EXPECT_EQ(first_status(with_fields("X: a\r\n\tb\r\n")), 400);
  EXPECT_EQ(first_status(with_fields("X:\r\n \r\n")), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400) << "white space after the request line";
}

TEST(header_field, ends_in_cr_and_lf) {
  EXPECT_EQ(first_status("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), 400);
  EXPECT_EQ(first_status("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"), 400);
  EXPECT_EQ(read_alike("GET / HTTP/1.1\n").status, 400) << "without waiting for more";
}

}  // namespace
}  // namespace mutual::http
