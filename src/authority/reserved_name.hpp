#pragma once
// reserved_name: names that would be taken for a CA.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// An error (bad_usage) for what `mutual list` calls CAs and their OCSP responders ("root", "intermediate", "cross",
/// "ocsp-root" and the like, "ocsp-" and what could be a serial number given out here), whatever their case: whoever
/// revokes that name may mean the CA, which would stay good.
result<> check_is_no_ca_word(std::string_view name);

/// The same for "ocsp-" and the serial number of a CA that the inventory knows, as those of imported CAs may be short.
result<> check_is_no_ca_word(std::string_view name, inventory& in);

/// An error (bad_usage) if what is issued here as that name would have the subject of a CA that the inventory knows:
/// issuers are found by their subjects (RFC 5280 section 6.1.3), so that one would be taken for the other.
result<> check_is_no_ca(const std::string& name, inventory& in, const layout& places);

/// An error (bad_usage) for a name that nobody is given, by whichever way it is asked for: one of the above, or a
/// serial number.
result<> check_may_be_given(const std::string& name, inventory& in, const layout& places);

/// How a certificate that was revoked is issued anew.
struct name_anew {
  /// What it is called in the command, as a word of a shell: as before, or ANOTHER_NAME.
  std::string word;
  /// What is said of that: empty, or " under another name, …".
  std::string under{};
};

/// Under its own name, or where that would be refused by now under another. Where the inventory cannot be asked, it is
/// the name that it had: this is advice.
name_anew to_issue_anew(const std::string& name, inventory& in, const layout& places);

}  // namespace mutual::authority
