#!/bin/bash
# Cancel the elements of an array that can never run because their counterpart failed: sweep.sh JOB. Generated.
# Everything that the array waits for has ended; Slurm marks the stranded elements within its next rounds.
for ((try = 0; try < 60; try++)); do
  pending=$(squeue -h -r -t PENDING -j "$1" -o '%i %r' 2>/dev/null) || exit 0 # the whole array has ended
  stranded=$(awk '$2 == "DependencyNeverSatisfied" {print $1}' <<<"$pending")
  # shellcheck disable=SC2086 # a list of job ids
  [[ -z $stranded ]] || scancel $stranded
  grep -q ' Dependency' <<<"$pending" || exit 0 # what is left waits for a node of the cluster
  sleep 5
done
