#!/bin/bash
# Cancel the elements of an array that can never run because their counterpart failed: sweep.sh JOB. Generated.
# Everything that the array waits for has ended; Slurm marks the stranded elements within its next rounds.
for ((try = 0; try < 60; try++)); do
  if ! pending=$(squeue -h -r -t PENDING -j "$1" -o '%i %r' 2>&1); then
    # The whole array has ended; any other error is a controller that is busy or away.
    [[ $pending != *'Invalid job id'* ]] || exit 0
    sleep 30
    continue
  fi
  stranded=$(awk '$2 == "DependencyNeverSatisfied" {print $1}' <<<"$pending")
  # shellcheck disable=SC2086 # a list of job ids
  [[ -z $stranded ]] || scancel $stranded
  grep -q ' Dependency' <<<"$pending" || exit 0 # what is left waits for a node of the cluster
  sleep 5
done
