#!/bin/bash
# Run what is not done: ./resume.sh [--run DIR] [options of sbatch]
# submit.sh looks at every output: a node is done when its record and all its files are there.
cd -P -- "$(dirname -- "$0")" || exit 1
exec ./submit.sh "$@"
