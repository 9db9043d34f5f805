# Scatters over what an expression asks about a file of its own step before, and about an input: where it is, for example.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, InlineJavascriptRequirement: {}, StepInputExpressionRequirement: {}}
inputs:
  words: string
  text: File
steps:
  say: {run: say.cwl, in: {a: words}, out: [said]}
  made:
    run: &facts
      class: ExpressionTool
      inputs: {file: File}
      outputs: {words: 'string[]'}
      expression: |
        ${
          var file = inputs.file;
          return {words: [file.location.split("/").pop(), String(file.size), "contents" in file ? "read" : "unread"]};
        }
    in: {file: say/said}
    out: [words]
  given:
    run: *facts
    in: {file: text}
    out: [words]
  each: {run: say.cwl, scatter: a, in: {a: made/words}, out: [said]}
  all: {run: say.cwl, scatter: a, in: {a: given/words}, out: [said]}
outputs:
  each: {type: 'File[]', outputSource: each/said}
  all: {type: 'File[]', outputSource: all/said}
