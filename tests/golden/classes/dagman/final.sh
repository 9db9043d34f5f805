#!/bin/bash
# The last job: DAGMan's status of all nodes is its argument (0: all done). See lib/collect.sh.
export PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export WFC_BUNDLE=$PWD WFC_RUN=$PWD/run
bash lib/collect.sh || exit 1
[[ ${1-} == 0 ]]
