#pragma once
// CAs that were made elsewhere: a root, and an intermediate below the root of somebody else.

#include "authority/adopt.hpp"
#include "authority/init.hpp"
#include "authority/pki.hpp"
#include "support/outcome.hpp"
#include "x509/builder.hpp"
#include "x509/bundle.hpp"
#include "x509/crl_builder.hpp"
#include "x509/name_constraints.hpp"
#include "x509/scratch.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mutual::authority {

class a_ca_from_elsewhere : public ::testing::Test {
 protected:
  x509::identity root_with(std::vector<x509::raw_extension> others) const {
    auto spec = test::good(
        x509::describe_certificate(x509::profile::root, {"Old Root", {"Old"}, {}}, {}, key, std::chrono::days(999)));
    spec.others = std::move(others);
    return {key, {test::good(x509::make_self_signed(spec, key))}};
  }
  static x509::raw_extension permitted(x509::name_constraints of) { return test::good(x509::to_extension(of)); }
  init_request wanted(existing_ca existing) const {
    init_request out;
    out.folder = folder / "pki";
    out.organization = "Old";
    out.existing = std::move(existing);
    return out;
  }
  static existing_ca of(x509::identity ca, std::vector<x509::certificate> above = {}) {
    existing_ca out{std::move(ca), std::move(above), {}, false, {}, {}};
    return out;
  }
  std::string issued(x509::profile purpose, alternative_names names, const std::string& name = "one") const {
    issue_request request;
    request.purpose = purpose;
    request.name = name;
    request.names = std::move(names);
    return test::message(test::good(pki::open(folder / "pki")).issue(request));
  }
  std::string certified_names(alternative_names names) const {
    certified what;
    what.name = "by-est";
    what.purpose = x509::profile::peer;
    what.names = std::move(names);
    what.key = key_of_client.get();
    return test::message(test::good(pki::open(folder / "pki")).certify(what));
  }
  scratch folder;
  x509::private_key key = test::good(x509::private_key::generate());
  x509::private_key key_of_client = test::good(x509::private_key::generate());
};

// An intermediate whose root is somebody else's, who makes that root's lists.
class a_ca_below_somebody_s_root : public a_ca_from_elsewhere {
 protected:
  a_ca_below_somebody_s_root() {
    const auto spec = test::good(x509::describe_certificate(x509::profile::intermediate, {"Old Middle", {"Old"}, {}},
                                                            {}, key_of_client, std::chrono::days(99)));
    middle.push_back(test::good(x509::issue_certificate(spec, key_of_client.get(), root.leaf(), root.key)));
    test::good(init(wanted(of({key_of_client, middle}, {root.leaf()}))));
    folder.write("root.key", key.pem().view());
  }
  // The owner's next list, where docs/authority.md says that it is put.
  void owner_says(std::uint64_t number, std::vector<x509::revoked_certificate> revoked = {},
                  std::chrono::seconds ago = {}) const {
    owner_says({number, now() - ago, now() + std::chrono::days(90), std::move(revoked)});
  }
  void owner_says(const x509::crl_spec& list, const std::string& file = "root.crl") const {
    folder.write("pki/" + file, test::good(x509::make_crl(list, root.leaf(), root.key)).der());
  }
  // Of a name that nobody has yet: the serial number, which is another CA's than the root's.
  std::string clashing() const {
    EXPECT_EQ(issued(x509::profile::client, {}, "alice"), "(no failure)");
    return test::good(opened().identify("alice")).front().serial;
  }
  pki opened() const { return test::good(pki::open(folder / "pki")); }
  std::string lists_made(bool with_root_key = false) const {
    list_options how;
    if (with_root_key) how.root.key_files = {folder / "root.key"};
    return test::message(opened().make_lists(how));
  }
  // Of the root's list that servers have, in hexadecimal.
  std::string served() const {
    for (const auto& one : test::good(x509::load_crls(places.revocation_lists()))) {
      if (one.is_signed_by(root.leaf())) return one.number();
    }
    return "none";
  }
  bool is_revoked(const std::string& serial) const {
    const auto known = test::good(opened().records().find_serial(serial));
    return known && known->revoked;
  }

  x509::identity root = root_with({});
  std::vector<x509::certificate> middle;
  layout places{folder / "pki"};
};

}  // namespace mutual::authority
