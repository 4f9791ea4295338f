// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/archive_library.hpp"

#include <dlfcn.h>

#include "launcher/contract/code/archive_error.hpp"

namespace smlaunch {

namespace {

constexpr const char* name = "libarchive.so.13";

template <class Function>
bool find(void* handle, const char* symbol, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(handle, symbol));
  return function != nullptr;
}

bool find_all(void* handle, ArchiveLibrary& library) {
  return find(handle, "archive_error_string", library.error_string) &&
         find(handle, "archive_errno", library.error_number) &&
         find(handle, "archive_set_error", library.set_error) &&
         find(handle, "archive_filter_count", library.filter_count) &&
         find(handle, "archive_filter_code", library.filter_code) &&
         find(handle, "archive_filter_bytes", library.filter_bytes) &&
         find(handle, "archive_read_new", library.read_new) &&
         find(handle, "archive_read_free", library.read_free) &&
         find(handle, "archive_read_support_filter_gzip", library.read_support_filter_gzip) &&
         find(handle, "archive_read_support_filter_bzip2", library.read_support_filter_bzip2) &&
         find(handle, "archive_read_support_filter_xz", library.read_support_filter_xz) &&
         find(handle, "archive_read_support_filter_lzma", library.read_support_filter_lzma) &&
         find(handle, "archive_read_support_filter_zstd", library.read_support_filter_zstd) &&
         find(handle, "archive_read_support_filter_lz4", library.read_support_filter_lz4) &&
         find(handle, "archive_read_support_format_raw", library.read_support_format_raw) &&
         find(handle, "archive_read_support_format_empty", library.read_support_format_empty) &&
         find(handle, "archive_read_support_format_tar", library.read_support_format_tar) &&
         find(handle, "archive_read_open_filename", library.read_open_filename) &&
         find(handle, "archive_read_open", library.read_open) &&
         find(handle, "archive_read_next_header", library.read_next_header) &&
         find(handle, "archive_read_data_block", library.read_data_block) &&
         find(handle, "archive_write_disk_new", library.write_disk_new) &&
         find(handle, "archive_write_free", library.write_free) &&
         find(handle, "archive_write_disk_set_options", library.write_disk_set_options) &&
         find(handle, "archive_write_header", library.write_header) &&
         find(handle, "archive_write_data_block", library.write_data_block) &&
         find(handle, "archive_write_finish_entry", library.write_finish_entry) &&
         find(handle, "archive_write_close", library.write_close) &&
         find(handle, "archive_entry_pathname", library.entry_pathname) &&
         find(handle, "archive_entry_pathname_utf8", library.entry_pathname_utf8) &&
         find(handle, "archive_entry_hardlink", library.entry_hardlink) &&
         find(handle, "archive_entry_hardlink_utf8", library.entry_hardlink_utf8) &&
         find(handle, "archive_entry_symlink", library.entry_symlink) &&
         find(handle, "archive_entry_symlink_utf8", library.entry_symlink_utf8) &&
         find(handle, "archive_entry_filetype", library.entry_filetype) &&
         find(handle, "archive_entry_size", library.entry_size) &&
         find(handle, "archive_entry_perm", library.entry_perm) &&
         find(handle, "archive_entry_set_perm", library.entry_set_perm) &&
         find(handle, "archive_entry_copy_pathname", library.entry_copy_pathname) &&
         find(handle, "archive_entry_copy_hardlink", library.entry_copy_hardlink) &&
         find(handle, "archive_entry_copy_symlink", library.entry_copy_symlink) &&
         find(handle, "archive_entry_acl_clear", library.entry_acl_clear) &&
         find(handle, "archive_entry_xattr_clear", library.entry_xattr_clear);
}

tl::expected<ArchiveLibrary, std::string> open_first() {
  void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return tl::unexpected<std::string>(dlerror());
  ArchiveLibrary library;
  if (!find_all(handle, library))
    return tl::unexpected<std::string>(std::string(name) + " is older than 3.3.3");
  return library;
}

}  // namespace

tl::expected<const ArchiveLibrary*, std::string> open_archive_library() {
  static const tl::expected<ArchiveLibrary, std::string> library = open_first();
  if (!library) return tl::unexpected(library.error());
  return &*library;
}

std::string error_text(const ArchiveLibrary& library, archive* of) {
  const char* text = library.error_string(of);
  return text == nullptr ? "cannot be read" : text;
}

std::optional<std::string> archive_error() {
  const auto library = open_archive_library();
  if (library) return {};
  return library.error();
}

}  // namespace smlaunch
