#!/bin/bash
# Before an inner DAG is submitted: write it. expand.sh POINT, on the access point, started by DAGMan.
export PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export WFC_BUNDLE=$PWD WFC_RUN=$PWD/run
exec bash lib/expand.sh "$1"
