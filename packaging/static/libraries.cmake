# SPDX-License-Identifier: Apache-2.0
# SMLAUNCH_STATIC: the program holds every library that it is linked with, but for those of glibc and libgcc_s, which
# every system that runs Python has. So one program serves Debian 12, Ubuntu 22.04 and Amazon Linux 2023: the wheel's.
# libcurl and libarchive are opened at run time, as always.

set(OPENSSL_USE_STATIC_LIBS ON)
set(smlaunch_fmt fmt::fmt-header-only)  # Debian has no static one

find_library(SMLAUNCH_LIBHWLOC libhwloc.a)
if(NOT SMLAUNCH_LIBHWLOC)
  message(FATAL_ERROR "SMLAUNCH_STATIC=ON takes libhwloc.a, which Debian and Ubuntu have in libhwloc-dev. "
    "With SMLAUNCH_STATIC=OFF the program takes the libraries of this machine, and serves machines that have them.")
endif()

# Debian's hwloc looks for plugins in a folder of the system. There they belong to that system's hwloc, which may be of
# another version: the two would mix their structures. So its one module that opens a folder is given none. It reads
# PCI devices by itself; what the plugins would add (GPUs by OpenCL and X11, libxml2) is not asked for.
set(hwloc ${CMAKE_BINARY_DIR}/hwloc)
file(MAKE_DIRECTORY ${hwloc})
add_custom_command(OUTPUT ${hwloc}/libhwloc.a
  COMMAND ${CMAKE_COMMAND} -E copy ${SMLAUNCH_LIBHWLOC} libhwloc.a
  COMMAND ${CMAKE_AR} x libhwloc.a components.o
  COMMAND ${CMAKE_OBJCOPY} --redefine-sym opendir=smlaunch_open_no_plugin_folder components.o
  COMMAND ${CMAKE_AR} r libhwloc.a components.o
  DEPENDS ${SMLAUNCH_LIBHWLOC} WORKING_DIRECTORY ${hwloc} VERBATIM)
add_custom_target(smlaunch_libhwloc DEPENDS ${hwloc}/libhwloc.a)
add_library(smlaunch_around_hwloc STATIC ${CMAKE_CURRENT_LIST_DIR}/around_hwloc.cpp)
target_link_libraries(smlaunch_around_hwloc PRIVATE smlaunch_flags)
add_dependencies(smlaunch_around_hwloc smlaunch_libhwloc)
add_library(smlaunch_hwloc INTERFACE)
target_link_libraries(smlaunch_hwloc INTERFACE ${hwloc}/libhwloc.a smlaunch_around_hwloc m)
add_library(PkgConfig::hwloc ALIAS smlaunch_hwloc)

# What programs link besides.
add_library(smlaunch_older_glibc OBJECT ${CMAKE_CURRENT_LIST_DIR}/older_glibc.cpp)
target_link_libraries(smlaunch_older_glibc PRIVATE smlaunch_flags INTERFACE -static-libstdc++)
