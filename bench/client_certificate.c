// Gives h2load, which has no option for it, a client certificate: every SSL_CTX that it makes gets the one named.
//
//   cc -shared -fPIC -o client_certificate.so client_certificate.c -ldl
//   LD_PRELOAD=./client_certificate.so CLIENT_CERT=client.pem CLIENT_KEY=client.key h2load ...
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

SSL_CTX* SSL_CTX_new(const SSL_METHOD* method) {
  SSL_CTX* (*real)(const SSL_METHOD*);
  *(void**)&real = dlsym(RTLD_NEXT, "SSL_CTX_new");
  SSL_CTX* made = real(method);
  const char* certificate = getenv("CLIENT_CERT");
  const char* key = getenv("CLIENT_KEY");
  if (made == NULL || certificate == NULL || key == NULL || SSL_CTX_use_certificate_chain_file(made, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "client_certificate: CLIENT_CERT and CLIENT_KEY must name a certificate and its key\n");
    exit(2);
  }
  return made;
}
