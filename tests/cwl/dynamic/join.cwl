cwlVersion: v1.2
class: CommandLineTool
baseCommand: [cat, /dev/null]
inputs:
  parts: {type: ['null', {type: array, items: [File, 'null']}], inputBinding: {position: 1}}
stdout: joined.txt
outputs:
  joined: {type: stdout}
