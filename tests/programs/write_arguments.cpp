// SPDX-License-Identifier: Apache-2.0
// Its arguments, each ended by a NUL, in a file of its own named "$WRITE_TO$RANK".
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  const char* name = std::getenv("WRITE_TO");
  const char* rank = std::getenv("RANK");
  if (name == nullptr) return 64;
  std::FILE* file = std::fopen((std::string(name) + (rank == nullptr ? "" : rank)).c_str(), "w");
  if (file == nullptr) return 66;
  for (int i = 1; i < argc; ++i) std::fwrite(argv[i], 1, std::strlen(argv[i]) + 1, file);
  return std::fclose(file) == 0 ? 0 : 66;
}
