"""What the compiler and a job on a compute node have in common.

Standard library only, Python 3.6 or newer, no import of anything else of this project, so that a job may run it, too.
"""
