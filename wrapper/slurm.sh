# shellcheck shell=bash
# A job that requeues itself before it ends keeps its dependants waiting; a failed one never re-arms them.

slurm_requeue() {
  local job=$SLURM_JOB_ID error
  # The bare job id of an array's first task would mean the whole array.
  [[ -z ${SLURM_ARRAY_JOB_ID-} ]] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
  if ((${SLURM_RESTART_COUNT:-0} >= ${WFC_RETRIES:-2})); then
    outcome=65
    advice+="; this was the last of $((${WFC_RETRIES:-2} + 1)) attempts"
  elif error=$(scontrol requeue "$job" 2>&1); then
    requeued=yes
    advice+="; the job has requeued itself"
  else
    advice+="; the job cannot requeue itself: $error"
  fi
}
