#include "x509/bundle.hpp"

#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"
#include "x509/readers.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <utility>

namespace mutual::x509 {
namespace {

constexpr std::string_view java_keystore_magic("\xFE\xED\xFE\xED", 4);

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

// The certificate of the key goes first; the others keep their order.
void put_leaf_first(bundle& of) {
  if (!of.key) return;
  const auto leaf = std::find_if(of.certificates.begin(), of.certificates.end(),
                                 [&](const certificate& one) { return of.key->belongs_to(one); });
  if (leaf != of.certificates.end()) std::rotate(of.certificates.begin(), leaf, leaf + 1);
}

}  // namespace

result<> add_key(pkey_ptr key, const decryptor& opener, bundle& into) {
  if (into.key) return opener.failure("it holds two private keys; keep one key in a file");
  into.key.emplace(std::move(key));
  return {};
}

result<> add_key(const PKCS8_PRIV_KEY_INFO* key, const decryptor& opener, bundle& into) {
  pkey_ptr read(key != nullptr ? EVP_PKCS82PKEY(key) : nullptr);
  if (!read) {
    (void)openssl_errors();
    return opener.failure("its private key is damaged, or of a kind that OpenSSL does not know");
  }
  return add_key(std::move(read), opener, into);
}

error too_large(const decryptor& opener, std::size_t limit) {
  return {errc::limit_exceeded,
          opener
              .failure(limit > file::default_limit
                           ? fmt::format("it is larger than {} bytes, the most for revocation lists", limit)
                           : fmt::format("it is larger than {} bytes, and only revocation lists may be", limit))
              .message()};
}

bool add_list(std::string_view der, lists as, bundle& into) {
  if (as == lists::whole) {
    auto read = crl::from_der(der);
    if (read) into.crls.push_back(*std::move(read));
    return bool(read);
  }
  auto read = lookup_list::from_der(der);
  if (read) into.lookup_lists.push_back(*std::move(read));
  return bool(read);
}

result<> read_der(std::string_view der, lists as, decryptor& opener, bundle& into) {
  ERR_set_mark();
  auto one_certificate = certificate::from_der(der);
  const bool one_crl = !one_certificate && add_list(der, as, into);
  auto one_request = one_certificate || one_crl ? request::from_der({}) : request::from_der(der);
  const bool found = one_certificate || one_crl || one_request;
  const auto file = found ? pkcs12_ptr() : from_whole_der<pkcs12_ptr>(der, d2i_PKCS12);
  const auto encrypted = found || file ? x509_sig_ptr() : from_whole_der<x509_sig_ptr>(der, d2i_X509_SIG);
  const auto decode_key = [](EVP_PKEY** out, const unsigned char** at, long size) {
    return d2i_AutoPrivateKey(out, at, size);
  };
  auto key = found || file || encrypted ? pkey_ptr() : from_whole_der<pkey_ptr>(der, decode_key);
  ERR_pop_to_mark();

  if (one_certificate) return into.certificates.push_back(*std::move(one_certificate)), result<>();
  if (one_crl) return {};
  if (one_request) return into.requests.push_back(*std::move(one_request)), result<>();
  if (file) return read_pkcs12(file.get(), opener, into);
  if (key) return add_key(std::move(key), opener, into);
  if (encrypted) {
    MUTUAL_TRY(const auto plain, opener.open_key(encrypted.get()));
    return add_key(plain.get(), opener, into);
  }
  return opener.failure(
      "it is neither PEM, nor a certificate, key, revocation list, request or PKCS#12 in DER: name a file that is");
}

// Nothing else may be as large as this.
result<> read_large_list(std::string_view der, lists as, const decryptor& opener, bundle& into) {
  if (!add_list(der, as, into)) return too_large(opener, file::default_limit);
  return {};
}

namespace {

result<bundle> read_within(std::size_t most, lists as, std::string_view bytes, decryptor& opener) {
  bundle found;
  if (bytes.empty()) return opener.failure("it is empty: restore it, or name another");
  if (bytes.size() > most) return too_large(opener, most);
  // DER is tried first where it may be DER: a certificate may well contain "-----BEGIN ", but text never begins with
  // the tag of a SEQUENCE followed by a length.
  const bool sequence = bytes[0] == '0' && bytes.size() > 1 && (static_cast<unsigned char>(bytes[1]) & 0x80U) != 0;
  if (sequence || bytes.find("-----BEGIN ") == std::string_view::npos) {
    if (bytes.starts_with(java_keystore_magic)) {
      return opener.failure(
          "it is a Java keystore; make it PKCS#12 with: keytool -importkeystore -deststoretype pkcs12");
    }
    MUTUAL_CHECK(bytes.size() > file::default_limit ? read_large_list(bytes, as, opener, found)
                                                    : read_der(bytes, as, opener, found));
  } else {
    MUTUAL_CHECK(read_pem(bytes, as, opener, found));
  }
  if (found.empty()) return opener.failure("it holds no certificate, key, revocation list or request");
  put_leaf_first(found);
  return found;
}

}  // namespace

result<bundle> read_bundle(std::string_view bytes, std::string_view password, std::string_view where,
                           const bundle_limits& limits) {
  decryptor opener(where, password, limits.key_derivation_rounds);
  return read_within(file::default_limit, lists::whole, bytes, opener);
}

result<bundle> read_bundle_with_lists(std::string_view bytes, std::string_view password, std::string_view where) {
  decryptor opener(where, password, bundle_limits().key_derivation_rounds);
  return read_within(largest_lists, lists::whole, bytes, opener);
}

result<bundle> read_bundle_to_judge_by(std::string_view bytes, std::string_view where) {
  decryptor opener(where, {}, bundle_limits().key_derivation_rounds);
  MUTUAL_TRY(auto found, read_within(largest_lists, lists::to_judge_by, bytes, opener));
  // What PKCS#12 holds is read by OpenSSL.
  for (auto& one : std::exchange(found.crls, {})) found.lookup_lists.emplace_back(std::move(one));
  return found;
}

result<bundle> load_bundle(const std::filesystem::path& path, std::string_view password) {
  MUTUAL_TRY(auto bytes, file::read(path));
  const secret contents(std::move(bytes));  // It may hold a key.
  return read_bundle(contents.view(), password, shown(path));
}

result<bundle> load_bundle_with_lists(const std::filesystem::path& path, std::string_view password) {
  MUTUAL_TRY(auto bytes, file::read(path, largest_lists));
  const secret contents(std::move(bytes));
  return read_bundle_with_lists(contents.view(), password, shown(path));
}

result<bundle> load_bundle_to_judge_by(const std::filesystem::path& path) {
  MUTUAL_TRY(auto bytes, file::read(path, largest_lists));
  const secret contents(std::move(bytes));
  return read_bundle_to_judge_by(contents.view(), shown(path));
}

result<std::vector<certificate>> load_certificates(const std::filesystem::path& path) {
  MUTUAL_TRY(auto found, load_bundle(path));
  if (found.certificates.empty()) {
    return error(errc::bad_input, fmt::format("{} holds no certificate", shown(path)));
  }
  return std::move(found.certificates);
}

namespace {

error no_list_in(const std::filesystem::path& path) {
  return {errc::bad_input, fmt::format("{} holds no revocation list", shown(path))};
}

}  // namespace

result<std::vector<crl>> load_crls(const std::filesystem::path& path) {
  MUTUAL_TRY(auto found, load_bundle_with_lists(path));
  if (found.crls.empty()) return no_list_in(path);
  return std::move(found.crls);
}

result<std::vector<lookup_list>> load_lookup_lists(const std::filesystem::path& path) {
  MUTUAL_TRY(auto found, load_bundle_to_judge_by(path));
  if (found.lookup_lists.empty()) return no_list_in(path);
  return std::move(found.lookup_lists);
}

std::optional<std::string> find_list(std::string_view pem, const std::function<bool(const lookup_list&)>& is_wanted) {
  constexpr std::string_view begin = "-----BEGIN X509 CRL-----", end = "-----END X509 CRL-----";
  for (auto at = pem.rfind(begin); at != std::string_view::npos; at = pem.rfind(begin)) {
    const auto block = pem.substr(at + begin.size());
    pem = pem.substr(0, at);
    const auto length = block.find(end);
    if (length == std::string_view::npos) continue;
    auto der = base64::decode_lines(block.substr(0, length));
    if (!der) continue;
    const auto read = lookup_list::from_der(*der);
    if (read && is_wanted(*read)) return der;
  }
  return std::nullopt;
}

}  // namespace mutual::x509
