# Publishes a number, and whether it is large.
cwlVersion: v1.2
class: CommandLineTool
requirements: {InlineJavascriptRequirement: {}}
baseCommand: echo
inputs:
  value: {type: int, inputBinding: {position: 1}}
stdout: number.txt
outputs:
  number:
    type: int
    outputBinding: {glob: number.txt, loadContents: true, outputEval: '$(parseInt(self[0].contents))'}
  large:
    type: boolean
    outputBinding: {glob: number.txt, loadContents: true, outputEval: '$(parseInt(self[0].contents) > 2)'}
  upto:
    type: int[]
    outputBinding:
      glob: number.txt
      loadContents: true
      outputEval: '${ var r = []; for (var i = 0; i < parseInt(self[0].contents); i++) r.push(i); return r; }'
