# Makes `count` files, in a scrambled order of names.
cwlVersion: v1.2
class: CommandLineTool
requirements: {ShellCommandRequirement: {}}
inputs:
  count: int
  prefix: {type: string, default: part}
arguments:
  - shellQuote: false
    valueFrom: 'for i in `seq $(inputs.count)`; do echo "$(inputs.prefix) $i" > $(inputs.prefix).$i.txt; done'
outputs:
  files: {type: 'File[]', outputBinding: {glob: '*.txt'}}
