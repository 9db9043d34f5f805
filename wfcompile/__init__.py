"""Compile yadage workflows ahead of time into static graphs for batch systems."""

__version__ = "0.1.0"
