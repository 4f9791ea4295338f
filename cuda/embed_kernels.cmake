# SPDX-License-Identifier: Apache-2.0
# cmake -DPTX=FILE -DLOWERED=FILE -DSOURCE=FILE -P embed_kernels.cmake
# The compiler writes its own newest PTX version, which older drivers refuse; what the kernels use is as old as
# version 6.3. Whether that holds is seen when LOWERED is assembled.
file(READ ${PTX} text)
string(REGEX REPLACE "\n\\.version [0-9.]+" "\n.version 6.3" text "${text}")
string(REGEX REPLACE "\n\\.target [a-z_0-9]+" "\n.target sm_50" text "${text}")
file(WRITE ${LOWERED} "${text}")
file(WRITE ${SOURCE} "#include \"cuda/smoke_kernels.hpp\"\n
namespace smlaunch {\n
const char* smoke_kernels() {\n  return R\"ptx(${text})ptx\";\n}\n
}  // namespace smlaunch\n")
