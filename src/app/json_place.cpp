#include "app/json_report.hpp"
#include "app/json_text.hpp"

#include <mutual/json_codec.hpp>
#include <mutual/json_place.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace mutual {
namespace {

std::string_view kind_name(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "a truth value";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return "a number";
    case boost::json::kind::string:
      return "text";
    case boost::json::kind::array:
      return "an array";
    case boost::json::kind::object:
      break;
  }
  return "an object";
}

// What was found where a whole number was expected: the number itself, since what is wrong may be its size.
// A number too large for a double has been read as infinity, which cannot be written again. No deeper than documents
// are.
bool is_finite(const boost::json::value& value) {
  if (const auto* number = value.if_double()) return std::isfinite(*number);
  if (const auto* list = value.if_array()) return std::all_of(list->begin(), list->end(), is_finite);
  if (const auto* object = value.if_object()) {
    return std::all_of(object->begin(), object->end(), [](const auto& member) { return is_finite(member.value()); });
  }
  return true;
}

std::string found_text(const boost::json::value& value) {
  return value.is_number() ? boost::json::serialize(value) : std::string(kind_name(value));
}

// One step of a JSON pointer (RFC 6901 section 3).
std::string escaped_step(std::string_view name) {
  std::string out = "/";
  for (const char c : name.substr(0, 64)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view view(const boost::json::string_view& text) { return {text.data(), text.size()}; }

}  // namespace

bool json_place::is_null() const { return value_->is_null(); }

bool json_place::read(bool& into) const {
  if (!value_->is_bool()) return expected("true or false");
  into = value_->get_bool();
  return true;
}

bool json_place::read(std::string& into) const {
  if (!value_->is_string()) return expected("text");
  into.assign(value_->get_string().data(), value_->get_string().size());
  return true;
}

bool json_place::read(double& into) const {
  if (value_->is_int64()) {
    into = static_cast<double>(value_->get_int64());
  } else if (value_->is_uint64()) {
    into = static_cast<double>(value_->get_uint64());
  } else if (value_->is_double() && std::isfinite(value_->get_double())) {
    into = value_->get_double();
  } else {
    return expected("a number");
  }
  return true;
}

std::optional<long long> json_place::read_signed(long long least, long long most) const {
  if (value_->is_int64() && value_->get_int64() >= least && value_->get_int64() <= most) return value_->get_int64();
  expected("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<unsigned long long> json_place::read_unsigned(unsigned long long most) const {
  if (value_->is_uint64() && value_->get_uint64() <= most) return value_->get_uint64();
  if (value_->is_int64() && value_->get_int64() >= 0 && static_cast<unsigned long long>(value_->get_int64()) <= most) {
    return static_cast<unsigned long long>(value_->get_int64());
  }
  expected("a whole number from 0 to " + std::to_string(most));
  return std::nullopt;
}

std::optional<std::string_view> json_place::peek_text() const {
  if (!value_->is_string()) return std::nullopt;
  return std::string_view(value_->get_string().data(), value_->get_string().size());
}

std::optional<std::size_t> json_place::array_size() const {
  if (value_->is_array()) return value_->get_array().size();
  expected("an array");
  return std::nullopt;
}

std::optional<std::size_t> json_place::object_size() const {
  if (value_->is_object()) return value_->get_object().size();
  expected("an object");
  return std::nullopt;
}

json_place json_place::element(std::size_t index) const { return {&value_->get_array()[index], report_, this, index}; }

json_place json_place::member(std::size_t index) const {
  return {&(value_->get_object().begin() + static_cast<std::ptrdiff_t>(index))->value(), report_, this, index};
}

std::string_view json_place::member_name(std::size_t index) const {
  return view((value_->get_object().begin() + static_cast<std::ptrdiff_t>(index))->key());
}

std::optional<json_place> json_place::member(std::string_view name) const {
  const auto& all = value_->get_object();
  const auto at = all.find(boost::json::string_view(name.data(), name.size()));
  if (at == all.end()) return std::nullopt;
  return member(static_cast<std::size_t>(at - all.begin()));
}

bool json_place::reported_enough() const { return report_->further; }

bool json_place::expected(std::string_view what) const {
  if (!report_->full()) report_->findings.push_back({pointer(), std::string(what), found_text(*value_)});
  return false;
}

bool json_place::missing(std::string_view name) const {
  if (!report_->full()) report_->findings.push_back({pointer() + escaped_step(name), "a value", "nothing"});
  return false;
}

std::string json_place::pointer() const {
  if (parent_ == nullptr) return "";
  const std::string above = parent_->pointer();
  if (parent_->value_->is_array()) return above + "/" + std::to_string(index_);
  return above + escaped_step(parent_->member_name(index_));
}

void detail::write_json_text(std::string& out, std::string_view text) { json_text::append_string(out, text); }
void detail::write_json_number(std::string& out, double number) { json_text::append_number(out, number); }

bool json_codec<boost::json::value>::read(const json_place& from, boost::json::value& into) {
  if (!is_finite(from.raw())) return from.expected("without numbers beyond 1.8e308");
  into = from.raw();
  return true;
}

void json_codec<boost::json::value>::write(std::string& out, const boost::json::value& value) {
  out += boost::json::serialize(value);
}

}  // namespace mutual
