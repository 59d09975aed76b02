#include "base/base64.hpp"
#include "base/considerate.hpp"
#include "base/file.hpp"
#include "base/give_back.hpp"
#include "base/text.hpp"
#include "x509/readers.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <optional>
#include <string>

namespace mutual::x509 {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";

// One block of a PEM file; its bytes are wiped when it goes, as they may be a key.
struct block {
  openssl_memory<char> name, header;
  unsigned char* data = nullptr;
  long size = 0;

  block() = default;
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  ~block() { OPENSSL_clear_free(data, static_cast<std::size_t>(size)); }

  std::string_view label() const { return name.get(); }
  std::string_view der() const { return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)}; }
};

bool next(BIO* from, block& out) {
  char* name = nullptr;
  char* header = nullptr;
  if (PEM_read_bio(from, &name, &header, &out.data, &out.size) != 1) return false;
  out.name.reset(name);
  out.header.reset(header);
  return true;
}

std::size_t count_marks(std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(begin_mark); at != std::string_view::npos; at = text.find(begin_mark, at + 1)) ++count;
  return count;
}

error damaged(const decryptor& opener, std::string_view label, std::size_t number) {
  (void)openssl_errors();
  return opener.failure(fmt::format("its PEM block {} ({}) is damaged: it is not what its label says", number,
                                    text::printable(label, 60)));
}

error damaged(const decryptor& opener, const block& one, std::size_t number) {
  return damaged(opener, one.label(), number);
}

// Where that character stands next; npos if nowhere.
std::size_t find_on(std::string_view text, char what, std::size_t from) {
  constexpr std::size_t piece = std::size_t{1} << 20U;
  for (; from < text.size(); from += piece) {
    const auto found = text.substr(from, piece).find(what);
    if (found != std::string_view::npos) return from + found;
    let_others_go_on();
  }
  return std::string_view::npos;
}

// A revocation list as everybody writes it (RFC 7468 section 2): lines of 64 characters. Long lists are read in a
// fraction of the time that OpenSSL takes, which is asked for all else. Takes nothing off `text` if it is anything
// else.
std::optional<std::string> take_list(std::string_view& text) {
  constexpr std::string_view begin = "-----BEGIN X509 CRL-----\n", end = "-----END X509 CRL-----\n";
  constexpr std::size_t width = 64, lines_in_a_row = 256;
  if (!text.starts_with(begin)) return std::nullopt;
  const auto size = find_on(text, '-', begin.size());
  if (size == std::string_view::npos || !text.substr(size).starts_with(end)) return std::nullopt;
  auto lines = text.substr(begin.size(), size - begin.size());
  std::string der;
  der.reserve(lines.size() / 4 * 3);
  for (std::size_t number = 1; !lines.empty(); ++number) {
    if (number % lines_in_a_row == 0) let_others_go_on();
    const auto line = lines.substr(0, std::min(width, lines.size() - 1));
    const bool is_last = line.size() + 1 == lines.size();
    if (lines[line.size()] != '\n' || !base64::append_decoded(line, der)) return std::nullopt;
    if (!is_last && line.back() == '=') return std::nullopt;
    lines.remove_prefix(line.size() + 1);
  }
  text.remove_prefix(size + end.size());
  return der;
}

// A key in the form that its algorithm had before PKCS#8: "RSA PRIVATE KEY", "EC PRIVATE KEY".
result<> read_old_key(const block& one, int type, std::size_t number, decryptor& opener, bundle& into) {
  // Decryption works in place and may shorten; the block itself keeps its size, so that all of it is wiped.
  MUTUAL_TRY(const long size, opener.open_old_pem(one.header.get(), one.data, one.size));
  const auto decode = [type](EVP_PKEY** out, const unsigned char** at, long length) {
    return d2i_PrivateKey(type, out, at, length);
  };
  pkey_ptr key = from_whole_der<pkey_ptr>(one.der().substr(0, static_cast<std::size_t>(size)), decode);
  // This form has nothing that a password is checked by: one in 256 wrong ones seems to open it.
  if (!key && one.header.get()[0] != '\0') {
    (void)openssl_errors();
    return opener.wrong_password();
  }
  if (!key) return damaged(opener, one, number);
  return add_key(std::move(key), opener, into);
}

result<> read_key(const block& one, std::size_t number, decryptor& opener, bundle& into) {
  const auto label = one.label();
  if (label == "RSA PRIVATE KEY") return read_old_key(one, EVP_PKEY_RSA, number, opener, into);
  if (label == "EC PRIVATE KEY") return read_old_key(one, EVP_PKEY_EC, number, opener, into);
  if (label == "OPENSSH PRIVATE KEY") {
    return opener.failure("it is an OpenSSH key; TLS needs PKCS#8: ssh-keygen -p -m PKCS8 -f FILE makes it that");
  }
  if (label == "PRIVATE KEY") {
    const auto plain = from_whole_der<pkcs8_ptr>(one.der(), d2i_PKCS8_PRIV_KEY_INFO);
    if (!plain) return damaged(opener, one, number);
    return add_key(plain.get(), opener, into);
  }
  if (label == "ENCRYPTED PRIVATE KEY") {
    const auto encrypted = from_whole_der<x509_sig_ptr>(one.der(), d2i_X509_SIG);
    if (!encrypted) return damaged(opener, one, number);
    MUTUAL_TRY(const auto plain, opener.open_key(encrypted.get()));
    return add_key(plain.get(), opener, into);
  }
  return opener.failure(fmt::format("it holds a {}, a kind that TLS does not use", text::printable(label, 60)));
}

result<> read_block(const block& one, std::size_t number, lists as, decryptor& opener, bundle& into) {
  const auto label = one.label();
  if (label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE") {
    // OpenSSL's own "trusted certificate" carries settings after the certificate, which are not ours to follow.
    auto read = label.starts_with("TRUSTED") ? from_whole_der<x509_ptr>(one.der(), d2i_X509_AUX)
                                             : from_whole_der<x509_ptr>(one.der(), d2i_X509);
    if (!read) return damaged(opener, one, number);
    MUTUAL_TRY(auto plain, certificate::from_der(der_of(read.get(), i2d_X509)));
    into.certificates.push_back(std::move(plain));
  } else if (label == "X509 CRL") {
    if (!add_list(one.der(), as, into)) return damaged(opener, one, number);
  } else if (label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST") {
    auto read = request::from_der(one.der());
    if (!read) return damaged(opener, one, number);
    into.requests.push_back(*std::move(read));
  } else if (label.ends_with("PRIVATE KEY")) {
    return read_key(one, number, opener, into);
  }
  // Other blocks (EC PARAMETERS, DH PARAMETERS, PUBLIC KEY) say nothing that we need.
  return {};
}

}  // namespace

result<> read_pem(std::string_view text, lists as, decryptor& opener, bundle& into) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t number = 0;
  std::size_t marks = 0;
  std::size_t beside_lists = 0;
  for (;; ++number) {
    if (auto list = take_list(text)) {
      ++marks;
      const bool is_one = add_list(*list, as, into);
      give_back(*std::move(list));
      if (!is_one) return damaged(opener, "X509 CRL", number + 1);
      continue;
    }
    block one;
    const bio_ptr source = memory_reader(text);
    if (!next(source.get(), one)) break;
    const auto taken = text.size() - BIO_ctrl_pending(source.get());
    marks += count_marks(text.substr(0, taken));
    text.remove_prefix(taken);
    if (one.label() != "X509 CRL") beside_lists += one.der().size();
    if (beside_lists > file::default_limit) return too_large(opener, file::default_limit);
    MUTUAL_CHECK(read_block(one, number + 1, as, opener, into));
  }
  (void)openssl_errors();
  marks += count_marks(text);
  if (number != marks) {
    return opener.failure(fmt::format("PEM block {} of {} is damaged or cut off", number + 1, marks));
  }
  return {};
}

}  // namespace mutual::x509
