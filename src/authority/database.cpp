#include "authority/database.hpp"

#include <utility>

namespace mutual::authority {

result<transaction> transaction::begin(database& on, lasting how) {
  if (on.depth_ == 0) {
    MUTUAL_CHECK(on.begin(how));
    ++on.begun_;
  }
  ++on.depth_;
  return transaction(on);
}

transaction::transaction(transaction&& other) noexcept : on_(std::exchange(other.on_, nullptr)) {}

transaction::~transaction() {
  if (on_ != nullptr && --on_->depth_ == 0) on_->roll_back();
}

result<> transaction::commit() {
  if (on_->depth_ == 1) MUTUAL_CHECK(on_->commit());
  --on_->depth_;
  on_ = nullptr;
  return {};
}

result<std::int64_t> number_from(database& db, const std::string& sql, parameters values, std::int64_t otherwise) {
  auto found = otherwise;
  MUTUAL_CHECK(db.each(sql, values, [&](const row& one) { found = one.integer(0); }));
  return found;
}

}  // namespace mutual::authority
