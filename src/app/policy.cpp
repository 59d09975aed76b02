#include "app/glob.hpp"
#include "base/text.hpp"

#include <mutual/policy.hpp>

#include <algorithm>
#include <stdexcept>

namespace mutual {
namespace detail {

// What is known of a predicate: unknown admits nobody, and neither does its negation.
enum class truth { no, unknown, yes };

struct policy_node {
  enum class kind { leaf, both, either, negation };
  kind what = kind::leaf;
  std::string written;
  std::function<truth(const peer*)> leaf;
  std::shared_ptr<const policy_node> left, right;
};

}  // namespace detail

namespace {

using detail::policy_node;
using detail::truth;
using node_ptr = std::shared_ptr<const policy_node>;

truth judge(const policy_node& node, const peer* who) {
  switch (node.what) {
    case policy_node::kind::leaf:
      return node.leaf(who);
    case policy_node::kind::both:
      return std::min(judge(*node.left, who), judge(*node.right, who));
    case policy_node::kind::either:
      return std::max(judge(*node.left, who), judge(*node.right, who));
    case policy_node::kind::negation:
      break;
  }
  const truth inner = judge(*node.left, who);
  if (inner == truth::unknown) return truth::unknown;
  return inner == truth::yes ? truth::no : truth::yes;
}

node_ptr leaf(std::string written, std::function<truth(const peer*)> judge_one) {
  auto node = std::make_shared<policy_node>();
  node->written = std::move(written);
  node->leaf = std::move(judge_one);
  return node;
}

// A leaf on something that only a peer has.
node_ptr about_peer(std::string written, std::function<bool(const peer&)> predicate) {
  return leaf(std::move(written), [predicate = std::move(predicate)](const peer* who) {
    if (who == nullptr) return truth::unknown;
    try {
      return predicate(*who) ? truth::yes : truth::no;
    } catch (...) {
      return truth::unknown;
    }
  });
}

std::string call_text(std::string_view name, std::string_view argument) {
  std::string out(name);
  out += "(\"";
  for (const char c : argument) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += "\")";
  return out;
}

void check_pattern(std::string_view kind, std::string_view pattern) {
  if (!pattern.empty()) return;
  throw std::invalid_argument("policy::" + std::string(kind) +
                              "(\"\") would match nothing: give the name, or a pattern such as \"*\"");
}

template <class Values>
bool any_matches(const Values& values, std::string_view pattern, char separator) {
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return glob_matches(pattern, value, separator); });
}

// An e-mail address with its domain in lower case; the part before "@" keeps its case (RFC 5321 section 2.4).
std::string fold_email(std::string_view address) {
  const auto at = std::min(address.rfind('@'), address.size());
  return std::string(address.substr(0, at)) + text::lower(address.substr(at));
}

std::string hex_only(std::string_view kind, std::string_view digits) {
  std::string out = text::lower(digits);
  out.erase(std::remove(out.begin(), out.end(), ':'), out.end());
  if (out.empty() || out.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw std::invalid_argument("policy::" + std::string(kind) + " needs hex digits, with or without colons; it got " +
                                text::quoted(digits));
  }
  return out;
}

std::string_view without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

// A child in parentheses where its operator binds less tightly.
std::string written(const policy_node& node, policy_node::kind inside) {
  std::string out;
  switch (node.what) {
    case policy_node::kind::leaf:
      return node.written;
    case policy_node::kind::negation:
      return "!" + written(*node.left, policy_node::kind::negation);
    case policy_node::kind::both:
      out = written(*node.left, node.what) + " && " + written(*node.right, node.what);
      break;
    case policy_node::kind::either:
      out = written(*node.left, node.what) + " || " + written(*node.right, node.what);
      break;
  }
  return inside == node.what || inside == policy_node::kind::leaf ? out : "(" + out + ")";
}

node_ptr joined(policy_node::kind what, node_ptr left, node_ptr right) {
  auto node = std::make_shared<policy_node>();
  node->what = what;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

}  // namespace

policy policy::anyone() {
  return policy(leaf("anyone()", [](const peer*) { return truth::yes; }));
}
policy policy::nobody() {
  return policy(leaf("nobody()", [](const peer*) { return truth::no; }));
}
policy policy::any_peer() {
  return policy(leaf("any_peer()", [](const peer* who) { return who != nullptr ? truth::yes : truth::no; }));
}

policy policy::uri(std::string pattern) {
  check_pattern("uri", pattern);
  auto text = call_text("uri", pattern);
  return policy(about_peer(std::move(text), [pattern = std::move(pattern)](const peer& who) {
    return any_matches(who.uris(), pattern, '/');
  }));
}

policy policy::email(std::string_view pattern) {
  check_pattern("email", pattern);
  auto text = call_text("email", pattern);
  return policy(about_peer(std::move(text), [folded = fold_email(pattern)](const peer& who) {
    return std::any_of(who.emails().begin(), who.emails().end(),
                       [&](const std::string& address) { return glob_matches(folded, fold_email(address), '@'); });
  }));
}

policy policy::dns(std::string_view pattern) {
  check_pattern("dns", pattern);
  auto text = call_text("dns", pattern);
  return policy(about_peer(std::move(text), [folded = text::lower(pattern)](const peer& who) {
    return std::any_of(who.dns_names().begin(), who.dns_names().end(),
                       [&](const std::string& name) { return glob_matches(folded, text::lower(name), '.'); });
  }));
}

policy policy::cn(std::string pattern) {
  check_pattern("cn", pattern);
  auto text = call_text("cn", pattern);
  return policy(about_peer(std::move(text), [pattern = std::move(pattern)](const peer& who) {
    return glob_matches(pattern, who.common_name(), '\0');
  }));
}

policy policy::ou(std::string pattern) {
  check_pattern("ou", pattern);
  auto text = call_text("ou", pattern);
  return policy(about_peer(std::move(text), [pattern = std::move(pattern)](const peer& who) {
    return any_matches(who.organizational_units(), pattern, '\0');
  }));
}

policy policy::o(std::string pattern) {
  check_pattern("o", pattern);
  auto text = call_text("o", pattern);
  return policy(about_peer(std::move(text), [pattern = std::move(pattern)](const peer& who) {
    return any_matches(who.organizations(), pattern, '\0');
  }));
}

policy policy::issuer(std::string pattern) {
  check_pattern("issuer", pattern);
  auto text = call_text("issuer", pattern);
  return policy(about_peer(std::move(text), [pattern = std::move(pattern)](const peer& who) {
    return glob_matches(pattern, who.issuer(), ',');
  }));
}

policy policy::sha256(std::string_view fingerprint) {
  auto digits = hex_only("sha256", fingerprint);
  if (digits.size() != 64) {
    throw std::invalid_argument("policy::sha256 needs 64 hex digits; it got " + std::to_string(digits.size()));
  }
  auto text = call_text("sha256", digits);
  return policy(
      about_peer(std::move(text), [digits = std::move(digits)](const peer& who) { return who.sha256() == digits; }));
}

policy policy::serial(std::string_view number) {
  auto digits = std::string(without_leading_zeros(hex_only("serial", number)));
  auto text = call_text("serial", digits);
  return policy(about_peer(std::move(text), [digits = std::move(digits)](const peer& who) {
    return without_leading_zeros(who.serial()) == digits;
  }));
}

policy policy::custom(std::string_view name, std::function<bool(const peer&)> predicate) {
  if (!predicate)
    throw std::invalid_argument("policy::custom(\"" + std::string(name) + "\") needs a predicate; it got none");
  return policy(about_peer(call_text("custom", name), std::move(predicate)));
}

bool policy::admits(const peer* who) const noexcept {
  try {
    return judge(*root_, who) == truth::yes;
  } catch (...) {
    return false;
  }
}

policy operator&&(const policy& left, const policy& right) {
  return policy(joined(policy_node::kind::both, left.root_, right.root_));
}
policy operator||(const policy& left, const policy& right) {
  return policy(joined(policy_node::kind::either, left.root_, right.root_));
}
policy operator!(const policy& operand) { return policy(joined(policy_node::kind::negation, operand.root_, nullptr)); }

std::string to_string(const policy& rule) { return written(*rule.root_, policy_node::kind::leaf); }

}  // namespace mutual
