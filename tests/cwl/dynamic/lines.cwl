# Scatters over what an expression reads in a file of its own step before, and in an input.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, InlineJavascriptRequirement: {}, StepInputExpressionRequirement: {}}
inputs:
  words: string
  text: File
steps:
  say: {run: say.cwl, in: {a: words}, out: [said]}
  lines:
    run: &split
      class: ExpressionTool
      inputs: {file: {type: File, loadContents: true}}
      outputs: {lines: 'string[]'}
      expression: '$({lines: inputs.file.contents.trim().split(/\s+/)})'
    in: {file: say/said}
    out: [lines]
  given:
    run: *split
    in: {file: text}
    out: [lines]
  each: {run: say.cwl, scatter: a, in: {a: lines/lines}, out: [said]}
  all: {run: say.cwl, scatter: a, in: {a: given/lines}, out: [said]}
outputs:
  each: {type: 'File[]', outputSource: each/said}
  all: {type: 'File[]', outputSource: all/said}
