# What JavaScript makes of a File literal is known at once: no file has to be there.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, StepInputExpressionRequirement: {}, InlineJavascriptRequirement: {}}
inputs: {text: File}
steps:
  each:
    run:
      class: CommandLineTool
      baseCommand: cat
      inputs: {file: {type: File, inputBinding: {}}}
      stdout: said
      outputs: {said: stdout}
    scatter: file
    in: {file: twice/files}
    out: [said]
  twice:
    run:
      class: ExpressionTool
      inputs: {file: File}
      outputs: {files: 'File[]'}
      expression: '$({files: [inputs.file, inputs.file]})'
    in: {file: text}
    out: [files]
outputs:
  said: {type: 'File[]', outputSource: each/said}
