#pragma once
// identity: what one side of a connection proves who it is with.

#include "x509/bundle.hpp"
#include "x509/certificate.hpp"
#include "x509/key.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// A private key and the chain that speaks for it: the key's own certificate first, then each one's issuer as far as it
/// was given. The root is left out (a peer that trusts it has it), unless it is itself the certificate.
struct identity {
  private_key key;
  std::vector<certificate> chain;

  const certificate& leaf() const { return chain.front(); }
};

/// Reads an identity from PEM, DER or PKCS#12. `key_path` may be empty if the certificate's file holds the key too.
/// An error names the files: the key is missing, or there are certificates but none is the key's.
result<identity> load_identity(const std::filesystem::path& certificate_path,
                               const std::filesystem::path& key_path = {}, std::string_view password = {});

/// The identity that a bundle makes, its key's certificate first; `where` and, if the key came from elsewhere,
/// `key_path` name the files in errors, as above.
result<identity> to_identity(bundle from, std::string_view where, const std::filesystem::path& key_path = {});

/// The chain from `leaf` upwards through `others`, in order; certificates that are not in it are left out.
std::vector<certificate> chain_of(const certificate& leaf, const std::vector<certificate>& others);

}  // namespace mutual::x509
