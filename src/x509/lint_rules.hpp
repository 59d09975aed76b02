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
  /// "mutual issue client alice": the command that makes a better one.
  std::string issue_anew() const;
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
