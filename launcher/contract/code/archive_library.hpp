// SPDX-License-Identifier: Apache-2.0
// libarchive, opened when an archive is read. With all that it needs (XML, Unicode tables) it takes longer
// to load than the rest of smlaunch, every rank's agent would load it, too, and most jobs do not need it.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace smlaunch {

// By their own names, without "archive_".
struct ArchiveLibrary {
  decltype(&::archive_error_string) error_string = nullptr;
  decltype(&::archive_errno) error_number = nullptr;
  decltype(&::archive_set_error) set_error = nullptr;
  decltype(&::archive_filter_count) filter_count = nullptr;
  decltype(&::archive_filter_code) filter_code = nullptr;
  decltype(&::archive_filter_bytes) filter_bytes = nullptr;
  decltype(&::archive_read_new) read_new = nullptr;
  decltype(&::archive_read_free) read_free = nullptr;
  decltype(&::archive_read_support_filter_gzip) read_support_filter_gzip = nullptr;
  decltype(&::archive_read_support_filter_bzip2) read_support_filter_bzip2 = nullptr;
  decltype(&::archive_read_support_filter_xz) read_support_filter_xz = nullptr;
  decltype(&::archive_read_support_filter_lzma) read_support_filter_lzma = nullptr;
  decltype(&::archive_read_support_filter_zstd) read_support_filter_zstd = nullptr;
  decltype(&::archive_read_support_filter_lz4) read_support_filter_lz4 = nullptr;
  decltype(&::archive_read_support_format_raw) read_support_format_raw = nullptr;
  decltype(&::archive_read_support_format_empty) read_support_format_empty = nullptr;
  decltype(&::archive_read_support_format_tar) read_support_format_tar = nullptr;
  decltype(&::archive_read_open_filename) read_open_filename = nullptr;
  decltype(&::archive_read_open) read_open = nullptr;
  decltype(&::archive_read_next_header) read_next_header = nullptr;
  decltype(&::archive_read_data_block) read_data_block = nullptr;
  decltype(&::archive_write_disk_new) write_disk_new = nullptr;
  decltype(&::archive_write_free) write_free = nullptr;
  decltype(&::archive_write_disk_set_options) write_disk_set_options = nullptr;
  decltype(&::archive_write_header) write_header = nullptr;
  decltype(&::archive_write_data_block) write_data_block = nullptr;
  decltype(&::archive_write_finish_entry) write_finish_entry = nullptr;
  decltype(&::archive_write_close) write_close = nullptr;
  decltype(&::archive_entry_pathname) entry_pathname = nullptr;
  decltype(&::archive_entry_pathname_utf8) entry_pathname_utf8 = nullptr;
  decltype(&::archive_entry_hardlink) entry_hardlink = nullptr;
  decltype(&::archive_entry_hardlink_utf8) entry_hardlink_utf8 = nullptr;
  decltype(&::archive_entry_symlink) entry_symlink = nullptr;
  decltype(&::archive_entry_symlink_utf8) entry_symlink_utf8 = nullptr;
  decltype(&::archive_entry_filetype) entry_filetype = nullptr;
  decltype(&::archive_entry_size) entry_size = nullptr;
  decltype(&::archive_entry_perm) entry_perm = nullptr;
  decltype(&::archive_entry_set_perm) entry_set_perm = nullptr;
  decltype(&::archive_entry_copy_pathname) entry_copy_pathname = nullptr;
  decltype(&::archive_entry_copy_hardlink) entry_copy_hardlink = nullptr;
  decltype(&::archive_entry_copy_symlink) entry_copy_symlink = nullptr;
  decltype(&::archive_entry_acl_clear) entry_acl_clear = nullptr;
  decltype(&::archive_entry_xattr_clear) entry_xattr_clear = nullptr;
};

// The same object each time, for as long as the process lives. The error: why it could not be opened.
tl::expected<const ArchiveLibrary*, std::string> open_archive_library();

// Handles that free themselves by the library that made them.
using ArchiveReader = std::unique_ptr<archive, decltype(&::archive_read_free)>;
using ArchiveWriter = std::unique_ptr<archive, decltype(&::archive_write_free)>;

std::string error_text(const ArchiveLibrary& library, archive* of);

}  // namespace smlaunch
