#pragma once
// The rules behind lint(), by what they look at. Each adds what it finds.

#include "x509/lint.hpp"

namespace mutual::x509 {

/// One bundle as it is looked over.
struct lint_case {
  const bundle& all;
  use as;
  const lint_options& options;
  std::vector<lint_finding>& found;

  const certificate& first() const { return all.certificates.front(); }
  void add(std::string_view code, weight how, const certificate& about, std::string what, std::string fix) const;
  /// The command that makes that one anew: where it was issued, if that is known; else what issues the first one
  /// elsewhere ("mutual issue client alice"), or words if that is a CA.
  std::string anew(const certificate& about, remedy how = remedy::again) const;
  /// The same for the first one when it must say something else, which no renewal does: another one, under another
  /// name if its own is taken. `more` are hosts.
  std::string issue_other(std::string_view more = {}) const;

 private:
  std::string issue(bool may_have_its_name) const;
  bool is_own(const certificate& one) const;
};

// lint_one.cpp: what every certificate must have, leaf or CA.
void lint_encoding(const lint_case& of, const certificate& one);
void lint_serial(const lint_case& of, const certificate& one);
void lint_key(const lint_case& of, const certificate& one);
void lint_signature(const lint_case& of, const certificate& one);
void lint_dates(const lint_case& of, const certificate& one);
void lint_identifiers(const lint_case& of, const certificate& one);

// lint_use.cpp: what the first one must have for its use.
void lint_leaf(const lint_case& of);
void lint_authority(const lint_case& of, const certificate& one);
void lint_names(const lint_case& of);

// lint_chain.cpp: how the certificates go together.
void lint_chain(const lint_case& of);

}  // namespace mutual::x509
