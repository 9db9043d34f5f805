"""What the compiler and a job on a compute node have in common.

Standard library only, Python 3.6 or newer, no import of anything else of this project: a bundle carries it as a zip.
"""
