#!/bin/bash
# Remove the workflow and its jobs from the queue: ./cancel.sh [--run DIR]; ./resume.sh goes on later.
cd -P -- "$(dirname -- "$0")" || exit 1
where=$PWD
[[ ${1-} != --run ]] || where=$(cd -P -- "$2" && pwd)/.dag || exit 1
exec condor_rm -constraint "Owner == \"$(id -un)\" && JobUniverse == 7 && Iwd == \"$where\""
