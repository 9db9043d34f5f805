# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# Singularity (3.x, CE 4): Apptainer's ancestor and sister, with the same arguments.

# shellcheck source=apptainer.sh
source "$wfc_lib/runtimes/apptainer.sh"

singularity_detect() { apptainer_find singularity; }
singularity_image() { apptainer_form "$1"; }
singularity_argv() { apptainer_exec; }
