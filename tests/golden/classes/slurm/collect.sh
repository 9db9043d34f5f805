#!/bin/bash
# The last job, whatever became of the others: collect.sh BUNDLE RUN. Generated.
export WFC_BUNDLE=$1 WFC_RUN=$2
exec bash "$1/lib/collect.sh"
