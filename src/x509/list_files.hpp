#pragma once
// Files that may hold revocation lists, which grow far beyond any key or certificate.

#include "x509/bundle.hpp"

#include <mutual/result.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::x509 {

/// The most bytes that revocation lists may take, in a file or from an authority: one that revokes 1,000,000
/// certificates and says why takes 53 MB, or 72 MB as PEM. What stands beside lists in a file takes no more than
/// file::default_limit all the same.
inline constexpr std::size_t largest_lists = std::size_t{256} * 1024 * 1024;

/// What read_bundle() gives, of bytes that may be more than file::default_limit where that is revocation lists: a key,
/// a certificate or anything else of such a size is refused (limit_exceeded), as is everything beyond `largest_lists`.
result<bundle> read_bundle_with_lists(std::string_view bytes, std::string_view password, std::string_view where);

/// The same for a file.
result<bundle> load_bundle_with_lists(const std::filesystem::path& path, std::string_view password = {});

/// The same two with `lookup_lists` in place of `crls`: for judging by, in a small part of the time and memory.
result<bundle> read_bundle_to_judge_by(std::string_view bytes, std::string_view where);
result<bundle> load_bundle_to_judge_by(const std::filesystem::path& path);

/// The revocation lists of a file to judge by, at least one; an error if there is none.
result<std::vector<lookup_list>> load_lookup_lists(const std::filesystem::path& path);

/// The DER of the last list among those in `pem` that is wanted; nothing if there is none, or it is damaged. Those
/// before it, which may be long, are not read: a PKI has its roots' lists at the end.
std::optional<std::string> find_list(std::string_view pem, const std::function<bool(const lookup_list&)>& is_wanted);

}  // namespace mutual::x509
