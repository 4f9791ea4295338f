# SPDX-License-Identifier: Apache-2.0
# embed_kernels(CU_FILE CPP_FILE WHY_NOT): makes CPP_FILE, which smoke_kernels.hpp declares, or says in the variable
# WHY_NOT why it could not. The compiler writes its own newest PTX version, which older drivers refuse; what the
# kernels use is as old as version 6.3. That this holds is seen when the result is assembled.
function(embed_kernels source made why_not)
  find_program(SMLAUNCH_NVCC nvcc PATHS /usr/local/cuda/bin)
  find_program(SMLAUNCH_PTXAS ptxas PATHS /usr/local/cuda/bin)
  set(${why_not} "there is no nvcc and ptxas (the CUDA SDK)" PARENT_SCOPE)
  if(NOT SMLAUNCH_NVCC OR NOT SMLAUNCH_PTXAS)
    return()
  endif()
  set(ptx ${made}.ptx)
  execute_process(
    COMMAND ${SMLAUNCH_NVCC} -std=c++17 -ptx -arch=compute_75 -ccbin ${CMAKE_CXX_COMPILER}
      -allow-unsupported-compiler ${source} -o ${ptx}
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT failed)
    file(READ ${ptx} text)
    string(REGEX REPLACE "\n\\.version [0-9.]+" "\n.version 6.3" text "${text}")
    string(REGEX REPLACE "\n\\.target [a-z_0-9]+" "\n.target sm_50" text "${text}")
    file(WRITE ${ptx} "${text}")
    execute_process(COMMAND ${SMLAUNCH_PTXAS} -arch=sm_75 ${ptx} -o ${made}.cubin
      RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  endif()
  if(failed)
    set(${why_not} "the CUDA SDK does not compile them: ${said}" PARENT_SCOPE)
    return()
  endif()
  file(CONFIGURE OUTPUT ${made} @ONLY CONTENT "#include \"cuda/smoke_kernels.hpp\"\n
namespace smlaunch {\n
const char* smoke_kernels() {\n  return R\"ptx(@text@)ptx\";\n}\n
}  // namespace smlaunch\n")
  set(${why_not} "" PARENT_SCOPE)
endfunction()
