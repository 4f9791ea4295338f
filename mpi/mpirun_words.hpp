// SPDX-License-Identifier: Apache-2.0
// The vocabulary of mpirun: which options there are, and what each may do to a plan.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace smlaunch {

// What smlaunch does with an option that the user gives.
enum class OptionUse {
  pass,      // the user's matter
  plan,      // would change which ranks there are, or where: decided by smlaunch's own options
  question,  // mpirun would answer it and start nothing
};

struct KnownOption {
  std::string_view name;       // without dashes
  std::string_view canonical;  // the longest of its names
  int values = 0;              // how many words follow
  OptionUse use = OptionUse::pass;
  int only_in = 0;  // the one major version that has it; 0: both
};

// `name` without dashes; `major` matters for the few options that changed what follows them.
std::optional<KnownOption> find_option(std::string_view name, int major);

// What to use instead of an option, or an MCA parameter, that would change the plan; empty: it may be passed.
std::string_view instead_of_option(std::string_view canonical);
std::string_view instead_of_parameter(std::string_view parameter);

// Open MPI 4's name for an MCA parameter that PRRTE or Open MPI 5 renamed, else the name itself.
std::string parameter_in_4(std::string_view parameter);

// How Open MPI 5 takes the parameter: which of its options carries it, under which name.
struct ParameterIn5 {
  std::string_view option;  // "mca", or "prtemca" for what its launcher PRRTE reads
  std::string name;
};
ParameterIn5 parameter_in_5(std::string_view parameter_in_4);

// Options of 4 that are directives of one list option of 5: --display-map is --display map.
struct Directive {
  std::string_view option;
  std::string_view list;
  std::string_view name;
};
std::span<const Directive> directives();

// mpirun takes the names of policies in either case; ASCII only.
std::string lower_case(std::string_view text);

// RANK, LOCAL_RANK, …, SM_* and our agents' own: always set by smlaunch, never by the user's -x.
bool is_our_variable(std::string_view name);

}  // namespace smlaunch
