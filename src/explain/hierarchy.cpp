#include "explain/hierarchy.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::explain {
namespace {

constexpr std::size_t most_names = 6;

bool holds(const std::vector<x509::certificate>& all, const x509::certificate& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// By names alone: what a wrong signature has torn apart is still to be seen as the chain that it was meant to be.
std::vector<x509::certificate> in_order(const std::vector<x509::certificate>& leaf_first) {
  std::vector<x509::certificate> chain{leaf_first.front()};
  while (!chain.back().is_self_issued()) {
    const auto above = std::find_if(leaf_first.begin(), leaf_first.end(), [&](const x509::certificate& one) {
      return one.is_ca() && chain.back().may_be_issued_by(one) && !holds(chain, one);
    });
    if (above == leaf_first.end()) break;
    chain.push_back(*above);
  }
  return chain;
}

std::string names_of(const x509::certificate& one) {
  const auto names = one.names();
  std::vector<std::string_view> all;
  for (const auto* kind : {&names.dns, &names.ips, &names.uris, &names.emails}) {
    all.insert(all.end(), kind->begin(), kind->end());
  }
  std::string out;
  for (std::size_t at = 0; at < std::min(all.size(), most_names); ++at) {
    out += (at == 0 ? " for " : ", ") + text::printable(all[at]);
  }
  if (all.size() > most_names) out += fmt::format(" and {} more", all.size() - most_names);
  return out;
}

std::string validity_of(const x509::certificate& one, sys_seconds at) {
  if (at > one.not_after()) {
    return fmt::format("ENDED on {} ({} ago)", to_text(one.not_after()), to_words(at - one.not_after()));
  }
  if (at < one.not_before()) {
    return fmt::format("BEGINS only on {} (in {})", to_text(one.not_before()), to_words(one.not_before() - at));
  }
  return fmt::format("until {} ({} left)", to_text(one.not_after()), to_words(one.not_after() - at));
}

std::string line_of(const x509::certificate& one, const drawing& of) {
  auto out = fmt::format("{}: {}{}, {}, {}", text::printable(one.display_name()), purpose_of(one), names_of(one),
                         one.key_description(), validity_of(one, of.at));
  if (one.is_self_signed()) out += ", signed by itself";
  if (!of.sent.empty() && !holds(of.sent, one)) out += ", from the trust";
  return out;
}

}  // namespace

std::string purpose_of(const x509::certificate& one) {
  if (one.is_ca()) return "a CA";
  if (one.allows_server() && one.allows_client()) return "a server or client";
  if (one.allows_server()) return "a server";
  if (one.allows_client()) return "a client";
  return "neither server nor client";
}

std::string hierarchy(const drawing& of) {
  if (of.leaf_first.empty()) return {};
  const auto chain = in_order(of.leaf_first);
  std::string out;
  std::size_t depth = 0;
  const auto add = [&](std::string_view line) {
    out += fmt::format("{}{:{}}{}{}\n", of.indent, "", depth == 0 ? 0 : 3 * (depth - 1), depth == 0 ? "" : "└─ ", line);
    ++depth;
  };
  if (!chain.back().is_self_issued()) {
    add(fmt::format("({}: {})", text::printable(chain.back().issuer()), of.missing));
  }
  for (auto one = chain.rbegin(); one != chain.rend(); ++one) add(line_of(*one, of));
  for (const auto& one : of.leaf_first) {
    if (!holds(chain, one)) {
      out += fmt::format("{}besides, not part of this chain: {}\n", of.indent, text::printable(one.subject()));
    }
  }
  return out;
}

}  // namespace mutual::explain
