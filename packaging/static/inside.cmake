# SPDX-License-Identifier: Apache-2.0
# smlaunch_holds_cxx(TARGET): the program holds the C++ library and fmt, where this compiler has them for that. To find
# their symbols in shared libraries takes each process of ours half a millisecond, and a start takes two on every host.

include(CheckCXXSourceCompiles)

set(smlaunch_cxx_inside -static-libstdc++ -static-libgcc)
set(CMAKE_REQUIRED_LINK_OPTIONS ${smlaunch_cxx_inside})
check_cxx_source_compiles("#include <iostream>\nint main() { std::cout << 1; }" SMLAUNCH_CAN_HOLD_CXX)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

# A shared fmt needs the shared C++ library, and a program should have one of them. Sanitizers look for the shared one.
if(SMLAUNCH_CAN_HOLD_CXX AND fmt_VERSION VERSION_GREATER_EQUAL 9 AND fmt_VERSION VERSION_LESS 10
    AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  add_library(smlaunch_fmt_inside OBJECT ${CMAKE_CURRENT_LIST_DIR}/fmt_inside.cpp)
  target_link_libraries(smlaunch_fmt_inside PRIVATE fmt::fmt)
  target_compile_features(smlaunch_fmt_inside PRIVATE cxx_std_20)
endif()

# What is left is found at the start: one by one, each takes longer.
function(smlaunch_holds_cxx name)
  if(NOT TARGET smlaunch_fmt_inside)
    return()
  endif()
  target_link_libraries(${name} PRIVATE smlaunch_fmt_inside)
  target_link_options(${name} PRIVATE LINKER:--as-needed LINKER:-z,now ${smlaunch_cxx_inside})
endfunction()
