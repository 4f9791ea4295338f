// SPDX-License-Identifier: Apache-2.0
// end_with exit CODE | end_with signal NUMBER
#include <csignal>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const int number = std::atoi(argv[2]);
  if (std::string(argv[1]) == "exit") return number;
  std::signal(number, SIG_DFL);
  std::raise(number);
  return 65;  // a signal that ends nobody
}
