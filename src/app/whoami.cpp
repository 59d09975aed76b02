#include "app/whoami.hpp"

#include "base/clock.hpp"

#include <boost/json/serialize.hpp>

namespace mutual {
namespace {

namespace json = boost::json;

json::array list(const std::vector<std::string>& values) { return json::array(values.begin(), values.end()); }

json::object describe(const peer& who) {
  json::object names;
  names["dns"] = list(who.dns_names());
  names["uri"] = list(who.uris());
  names["email"] = list(who.emails());
  names["ip"] = list(who.ips());
  json::object told;
  told["name"] = who.name();
  told["subject"] = who.subject();
  told["alternative_names"] = std::move(names);
  told["issuer"] = who.issuer();
  told["serial"] = who.serial();
  told["sha256"] = who.sha256();
  told["not_before"] = to_rfc3339(who.not_before());
  told["not_after"] = to_rfc3339(who.not_after());
  return told;
}

json::object describe(const connection_info& how) {
  json::object told;
  told["from"] = how.remote_address;
  told["tls"] = how.secure ? json::value(how.tls_version) : json::value(nullptr);
  told["cipher"] = how.secure ? json::value(how.cipher) : json::value(nullptr);
  told["server_name"] = how.server_name.empty() ? json::value(nullptr) : json::value(how.server_name);
  told["resumed"] = how.resumed;
  return told;
}

}  // namespace

response whoami(const request& asked) {
  json::object told;
  const auto who = asked.who();
  told["peer"] = who ? json::value(describe(*who)) : json::value(nullptr);
  if (asked.connection) told["connection"] = describe(*asked.connection);
  response answer(200, json::serialize(told) + "\n", "application/json");
  answer.headers.set("Cache-Control", "no-store");
  return answer;
}

}  // namespace mutual
