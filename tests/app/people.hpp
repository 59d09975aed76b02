#pragma once
// Peers for tests, without certificates.

#include <mutual/peer.hpp>

namespace mutual::test {

inline peer alice() {
  peer_data data;
  data.subject = "CN=alice,OU=admins,OU=staff,O=Acme";
  data.common_name = "alice";
  data.organizations = {"Acme"};
  data.organizational_units = {"admins", "staff"};
  data.names.uris = {"spiffe://acme/ops/alice"};
  data.names.emails = {"Alice@Acme.example"};
  data.names.dns = {"alice.people.acme.example"};
  data.issuer = "CN=Acme Issuing CA,O=Acme";
  data.serial = "1f0a";
  data.sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1";
  return peer(data);
}

inline peer bob() {
  peer_data data;
  data.subject = "CN=bob,O=Acme";
  data.common_name = "bob";
  data.organizations = {"Acme"};
  data.names.uris = {"spiffe://acme/sales/bob"};
  data.issuer = "CN=Acme Issuing CA,O=Acme";
  data.serial = "2b";
  data.sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0";
  return peer(data);
}

}  // namespace mutual::test
