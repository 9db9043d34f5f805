#!/bin/bash
# One element of an array: task.sh BUNDLE RUN STEP FIRST [DIRECTORY]. Generated.
export WFC_BUNDLE=$1 WFC_RUN=$2 WFC_LOGS=$2/logs WFC_RETRIES=2 WFC_REQUEUE=1
export WFC_GRACE=${WFC_GRACE:-10} # Slurm kills 30 s (KillWait) after its SIGTERM
[[ -e $2/slurm.jobs ]] || {
  echo "wfcompile: the run directory $2 is not visible on $HOSTNAME"
  exit 75
}
row=$(($4 + ${SLURM_ARRAY_TASK_ID:-0}))
mapfile -t -s "$row" -n 1 node <"$1/rows/$3.ids" && [[ -n ${node-} ]] || exit 75
exec bash "$1/nodes/$node.sh"
