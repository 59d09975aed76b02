// What a list says is put into an inventory that others use, too.

#include "authority/taken_over.hpp"

#include "support/outcome.hpp"
#include "x509/builder.hpp"
#include "x509/crl_builder.hpp"
#include "x509/scratch.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using x509::profile;

// Another machine acts, once, as soon as something was read and nobody else is kept from it.
class shared_database : public database {
 public:
  shared_database(std::unique_ptr<database> on, std::function<void()> other)
      : on_(std::move(on)), other_(std::move(other)) {}

  dialect speaks() const override { return on_->speaks(); }
  const std::string& where() const override { return on_->where(); }
  result<> run(const std::string& script) override { return on_->run(script); }
  result<std::int64_t> change(const char* sql, parameters values) override { return on_->change(sql, values); }
  result<> send(const char* sql, parameters values) override { return on_->send(sql, values); }
  result<> each(const std::string& sql, parameters values, const std::function<void(const row&)>& read) override {
    auto done = on_->each(sql, values, read);
    if (!in_transaction() && other_) std::exchange(other_, nullptr)();
    return done;
  }
  result<> begin(lasting how) override { return on_->begin(how); }
  result<> commit() override { return on_->commit(); }
  void roll_back() override { on_->roll_back(); }

 private:
  std::unique_ptr<database> on_;
  std::function<void()> other_;
};

TEST(taking_over, is_not_hindered_by_another_machine_that_takes_over_the_same_list) {
  const scratch folder;
  const auto file = folder / "inventory.db";
  good(create_inventory(file));
  const auto key = good(x509::private_key::generate());
  const auto spec = good(x509::describe_certificate(profile::root, {"Root", {}, {}}, {}, key, std::chrono::days(9)));
  const auto root = good(x509::make_self_signed(spec, key));
  const auto list =
      good(x509::make_crl({7, now(), now() + std::chrono::days(9), {{"77", now(), 1}, {"78", now(), 1}}}, root, key));
  const auto on_other = [&] {
    taken_over told;
    EXPECT_EQ(message(take_over(list, *good(open_inventory(file)), "made elsewhere", told)), "(no failure)");
  };
  inventory in(std::make_unique<shared_database>(good(open_sqlite(file)), on_other), "somebody");
  taken_over told;
  EXPECT_EQ(message(take_over(list, in, "made elsewhere", told)), "(no failure)");
  on_other();
  for (const auto& serial : {"77", "78"}) EXPECT_TRUE(good(in.find_serial(serial))->revoked) << serial;
  EXPECT_EQ(good(in.highest_list_made(list.issuer())), 7U);
}

}  // namespace
}  // namespace mutual::authority
