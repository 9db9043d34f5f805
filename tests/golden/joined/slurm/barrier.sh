#!/bin/bash
# What comes after an expansion waits for this job: barrier.sh POINT. Generated.
echo "workflow: all jobs of $1 have ended"
