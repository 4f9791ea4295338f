#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host that is lost during the run is noticed, named, and ends the job.
source "$(dirname "$0")/lost_host.sh"

step "killed; the default bound"
begin
"$cluster" kill algo-3
noticed algo-3 25
assert_nothing_left algo-1 algo-2
restart algo-3

step "without power"
begin --lost-after 3
"$cluster" power algo-3
noticed algo-3 15
assert_nothing_left algo-1 algo-2
restart algo-3

step "frozen, and going on later"
begin --lost-after 3
"$cluster" freeze algo-3
noticed algo-3 15
assert_nothing_left algo-1 algo-2
"$cluster" thaw algo-3
over 76 failure 15 algo-3
assert_nothing_left
