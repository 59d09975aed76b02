#include "x509/certificate_places.hpp"

#include <openssl/x509v3.h>

#include <memory>

namespace mutual::x509 {
namespace {

using access_ptr = std::unique_ptr<AUTHORITY_INFO_ACCESS, freed_by<AUTHORITY_INFO_ACCESS_free>>;
using description_ptr = std::unique_ptr<ACCESS_DESCRIPTION, freed_by<ACCESS_DESCRIPTION_free>>;
using points_ptr = std::unique_ptr<CRL_DIST_POINTS, freed_by<CRL_DIST_POINTS_free>>;
using point_ptr = std::unique_ptr<DIST_POINT, freed_by<DIST_POINT_free>>;

std::string url_in(const GENERAL_NAME* name) {
  if (name == nullptr || name->type != GEN_URI) return {};
  const auto* text = name->d.uniformResourceIdentifier;
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

general_name_ptr url_name(const std::string& url) {
  general_name_ptr name(GENERAL_NAME_new());
  asn1_string_ptr text(ASN1_IA5STRING_new());
  if (!name || !text || ASN1_STRING_set(text.get(), url.data(), static_cast<int>(url.size())) != 1) return nullptr;
  GENERAL_NAME_set0_value(name.get(), GEN_URI, text.release());
  return name;
}

bool add_access(AUTHORITY_INFO_ACCESS* to, int method, const std::string& url) {
  if (url.empty()) return true;
  description_ptr made(ACCESS_DESCRIPTION_new());
  auto name = url_name(url);
  if (!made || !name) return false;
  made->method = OBJ_nid2obj(method);
  GENERAL_NAME_free(made->location);
  made->location = name.release();
  if (sk_ACCESS_DESCRIPTION_push(to, made.get()) <= 0) return false;
  (void)made.release();
  return true;
}

bool add_list(X509* to, const std::string& url) {
  const points_ptr points(CRL_DIST_POINTS_new());
  point_ptr point(DIST_POINT_new());
  auto name = url_name(url);
  if (!points || !point || !name) return false;
  point->distpoint = DIST_POINT_NAME_new();
  if (point->distpoint == nullptr) return false;
  point->distpoint->type = 0;  // fullName
  point->distpoint->name.fullname = GENERAL_NAMES_new();
  if (point->distpoint->name.fullname == nullptr ||
      sk_GENERAL_NAME_push(point->distpoint->name.fullname, name.get()) <= 0) {
    return false;
  }
  (void)name.release();
  if (sk_DIST_POINT_push(points.get(), point.get()) <= 0) return false;
  (void)point.release();
  return X509_add1_ext_i2d(to, NID_crl_distribution_points, points.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

}  // namespace

certificate_places places_in(X509* one) {
  certificate_places out;
  const access_ptr access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(one, NID_info_access, nullptr, nullptr)));
  for (int at = 0; at < sk_ACCESS_DESCRIPTION_num(access.get()); ++at) {
    const auto* each = sk_ACCESS_DESCRIPTION_value(access.get(), at);
    const int method = OBJ_obj2nid(each->method);
    if (method == NID_ad_OCSP && out.ocsp.empty()) out.ocsp = url_in(each->location);
    if (method == NID_ad_ca_issuers && out.issuer.empty()) out.issuer = url_in(each->location);
  }
  const points_ptr points(
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(one, NID_crl_distribution_points, nullptr, nullptr)));
  for (int at = 0; at < sk_DIST_POINT_num(points.get()); ++at) {
    const auto* where = sk_DIST_POINT_value(points.get(), at)->distpoint;
    if (where == nullptr || where->type != 0) continue;
    for (int which = 0; which < sk_GENERAL_NAME_num(where->name.fullname) && out.list.empty(); ++which) {
      out.list = url_in(sk_GENERAL_NAME_value(where->name.fullname, which));
    }
  }
  return out;
}

bool add_places(X509* to, const certificate_places& places) {
  if (!places.ocsp.empty() || !places.issuer.empty()) {
    const access_ptr access(AUTHORITY_INFO_ACCESS_new());
    if (!access || !add_access(access.get(), NID_ad_OCSP, places.ocsp) ||
        !add_access(access.get(), NID_ad_ca_issuers, places.issuer) ||
        X509_add1_ext_i2d(to, NID_info_access, access.get(), 0, X509V3_ADD_DEFAULT) != 1) {
      return false;
    }
  }
  return places.list.empty() || add_list(to, places.list);
}

}  // namespace mutual::x509
