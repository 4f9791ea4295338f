# SPDX-License-Identifier: Apache-2.0
# A draft of a recipe for Spack: nobody has built it yet. It needs a release to name: its addresses and `sha256` are to be filled in.
from spack.package import *


class Smlaunch(CMakePackage):
    """Starts distributed training on GPU hosts: SageMaker's train, mpirun, torchrun, Slurm."""

    homepage = "https://example.org/smlaunch"
    url = "https://example.org/smlaunch/v0.1.0.tar.gz"
    license("Apache-2.0")

    version("0.1.0", sha256="0" * 64)

    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("fmt@9:")
    depends_on("tl-expected")
    depends_on("cli11")
    depends_on("nlohmann-json")
    depends_on("boost@1.74:")
    depends_on("openssl@3:")
    depends_on("hwloc@2.8:")
    # Their headers are taken; the libraries are opened when a job needs them.
    depends_on("curl@7.66:")
    depends_on("libarchive@3.3.3:")
    # Started when a job needs them.
    depends_on("openmpi@4:5", type="run")
    depends_on("openssh", type="run")

    conflicts("%gcc@:11", msg="C++20 as g++ 12 has it")
    generator("ninja")

    def cmake_args(self):
        return [self.define("BUILD_TESTING", False)]
