#include "app/folder.hpp"
#include "app/registry.hpp"

#include <mutual/routes.hpp>

#include <stdexcept>

namespace mutual {

endpoint& endpoint::require(const policy& rule) {
  registry_->check_open("a policy");
  detail::join(registry_->entries[index_].rule, rule);
  return *this;
}

endpoint& endpoint::body_limit(std::size_t bytes) {
  registry_->check_open("a body limit");
  registry_->entries[index_].route.body_limit = bytes;
  return *this;
}

routes routes::group(std::string_view prefix) { return {registry_, registry_->add_group(group_, prefix)}; }

routes& routes::require(const policy& rule) {
  registry_->check_open("a policy");
  detail::join(registry_->groups[group_].rule, rule);
  return *this;
}

routes& routes::use(middleware around) {
  registry_->check_open("a middleware");
  registry_->groups[group_].around.push_back(std::move(around));
  return *this;
}

routes& routes::body_limit(std::size_t bytes) {
  registry_->check_open("a body limit");
  registry_->groups[group_].body_limit = bytes;
  return *this;
}

endpoint routes::folder(std::string_view prefix, const std::filesystem::path& directory, const folder_options& how) {
  auto files = mutual::folder::open(directory, how);
  if (!files) throw std::runtime_error("app.folder: " + files.error().message());
  auto shape = parse_pattern(registry_->groups[group_].prefix + std::string(prefix) + "/");
  if (!shape) throw std::logic_error("app.folder: " + shape.error().message());
  const std::size_t skipped = shape->segments.size() - 1;
  auto bound = detail::bind_handler(
      [files = *std::move(files), skipped](const request& asked) { return files.answer(asked, skipped); });
  // The prefix's, which say nothing about the file, and the rest.
  bound.path_parameters = shape->parameters() + 1;
  return add(method::get, std::string(prefix) + "/{path...}", std::move(bound));
}

endpoint routes::add(method verb, std::string_view pattern, detail::bound_handler handler) {
  return {registry_, registry_->add_route(group_, verb, pattern, std::move(handler))};
}

}  // namespace mutual
