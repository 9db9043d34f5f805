# What the rules of an expansion need beside those of Makefile, which starts this make. Generated.
SHELL = /bin/sh
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: nodes
NODE = bash
RUN = run
nodes:
