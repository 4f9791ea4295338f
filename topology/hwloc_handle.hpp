// SPDX-License-Identifier: Apache-2.0
// hwloc's objects with owners, and its bitmaps as IdSets. The one file that includes hwloc.
#pragma once

#include <hwloc.h>

#include <memory>

#include "topology/hwloc_plugins.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

struct HwlocDeleter {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
  void operator()(hwloc_bitmap_s* bitmap) const { hwloc_bitmap_free(bitmap); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, HwlocDeleter>;
using HwlocBitmap = std::unique_ptr<hwloc_bitmap_s, HwlocDeleter>;

// A topology that is initialised and not loaded yet; null when out of memory. hwloc loads its plug-ins for
// the first topology and unloads them with the last one, which takes longer than all the rest: so one is
// kept.
inline HwlocTopology new_hwloc_topology() {
  load_awaited_hwloc_plugins();
  const auto init = [] {
    hwloc_topology_t raw = nullptr;
    return HwlocTopology(hwloc_topology_init(&raw) == 0 ? raw : nullptr);
  };
  static const HwlocTopology kept = init();
  return init();
}

// An infinite bitmap stands for "any" and becomes the empty set, as a missing one does.
inline IdSet to_ids(hwloc_const_bitmap_t bitmap) {
  IdSet ids;
  if (bitmap == nullptr || hwloc_bitmap_weight(bitmap) < 0) return ids;
  for (int id = hwloc_bitmap_first(bitmap); id >= 0; id = hwloc_bitmap_next(bitmap, id)) ids.push_back(id);
  return ids;
}

inline HwlocBitmap to_bitmap(const IdSet& ids) {
  HwlocBitmap bitmap(hwloc_bitmap_alloc());
  for (const int id : ids) hwloc_bitmap_set(bitmap.get(), static_cast<unsigned>(id));
  return bitmap;
}

}  // namespace smlaunch
