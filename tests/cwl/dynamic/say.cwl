cwlVersion: v1.2
class: CommandLineTool
baseCommand: echo
inputs:
  a: {type: ['null', int, string], inputBinding: {position: 1}}
  b: {type: ['null', int, string], inputBinding: {position: 2}}
stdout: said.txt
outputs:
  said: {type: stdout}
