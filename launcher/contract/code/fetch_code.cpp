// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/fetch_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "launcher/contract/code/copy_code.hpp"
#include "launcher/contract/code/unpack_archive.hpp"

namespace smlaunch {
namespace {

bool is_same_place(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  return a.lexically_normal() == b.lexically_normal() || (std::filesystem::equivalent(a, b, error) && !error);
}

bool lies_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path inner = std::filesystem::weakly_canonical(path, error);
  const std::filesystem::path outer = std::filesystem::weakly_canonical(folder, error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

Result<void> unpack(const FetchRequest& request, const CodeSource& source, const std::filesystem::path& file,
                    const std::filesystem::path& staging) {
  const auto notes = unpack_archive(file, source.text, staging, request.bounds, request.cancelled);
  if (!notes) return tl::unexpected(notes.error());
  for (const std::string& note : *notes)
    if (request.warn) request.warn(fmt::format("{}: {}", source.text, note));
  return {};
}

Result<void> fill(const FetchRequest& request, const CodeSource& source, CodeFolder& folder,
                  const std::filesystem::path& staging) {
  std::error_code error;
  if (source.is_s3) {
    auto place = folder.make_download_folder();
    if (!place) return tl::unexpected(place.error());
    const std::filesystem::path file = *place / "archive";
    if (auto got = request.download(source.text, file); !got) return got;
    auto unpacked = unpack(request, source, file, staging);
    std::filesystem::remove_all(*place, error);
    return unpacked;
  }
  const auto status = std::filesystem::status(source.local, error);
  if (!std::filesystem::exists(status))
    return failure(Fault::configuration, fmt::format("sagemaker_submit_directory {}", source.text),
                   error && status.type() == std::filesystem::file_type::none
                       ? "cannot be read: " + error.message()
                       : "does not exist",
                   fmt::format("put the code there, or into {}", request.code.native()));
  if (std::filesystem::is_directory(status)) {
    if (lies_below(request.code, source.local))
      return failure(Fault::configuration, fmt::format("sagemaker_submit_directory {}", source.text),
                     fmt::format("{} lies in it", request.code.native()),
                     "name the folder of the code alone");
    return copy_code_folder(source.local, staging, request.cancelled);
  }
  if (!std::filesystem::is_regular_file(status))
    return failure(Fault::configuration, fmt::format("sagemaker_submit_directory {}", source.text),
                   "is neither a folder nor a file");
  if (is_archive(source.local)) return unpack(request, source, source.local, staging);
  return copy_code_file(source.local, staging / source.local.filename());
}

}  // namespace

bool is_code_to_be_fetched(const std::string& module_dir, const std::filesystem::path& code) {
  return !is_same_place(module_dir, code) && is_code_empty(code);
}

bool is_archive_to_be_unpacked(const std::string& archive, const std::filesystem::path& code) {
  const std::filesystem::path file = archive;
  return is_same_place(file.parent_path(), code) && holds_only(code, file.filename().native());
}

Result<bool> fetch_code(const FetchRequest& request, CodeFolder& folder) {
  const bool is_due = request.is_in_code ? is_archive_to_be_unpacked(request.module_dir, request.code)
                                         : is_code_to_be_fetched(request.module_dir, request.code);
  if (!is_due) return false;
  const auto source = parse_code_source(request.module_dir, request.working_directory);
  if (!source) return tl::unexpected(source.error());
  auto staging = folder.make_staging();
  if (!staging) return tl::unexpected(staging.error());
  if (auto filled = fill(request, *source, folder, *staging); !filled) return tl::unexpected(filled.error());
  if (auto published = folder.publish(); !published) return tl::unexpected(published.error());
  return true;
}

}  // namespace smlaunch
