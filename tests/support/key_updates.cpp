#include "support/key_updates.hpp"

#include <openssl/bio.h>

#include <stdexcept>

namespace mutual::test {

std::string written_by(SSL* ssl, const std::function<void()>& make) {
  BIO* usual = SSL_get_wbio(ssl);
  BIO_up_ref(usual);
  BIO* memory = BIO_new(BIO_s_mem());
  SSL_set0_wbio(ssl, memory);
  make();
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  std::string all(bytes, static_cast<std::size_t>(size));
  SSL_set0_wbio(ssl, usual);
  return all;
}

std::string key_updates(SSL* ssl, int count, int kind) {
  return written_by(ssl, [&] {
    for (int done = 0; done < count; ++done) {
      if (SSL_key_update(ssl, kind) != 1 || SSL_do_handshake(ssl) != 1) throw std::runtime_error("no key update");
    }
  });
}

}  // namespace mutual::test
