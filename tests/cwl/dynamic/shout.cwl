cwlVersion: v1.2
class: CommandLineTool
baseCommand: [tr, a-z, A-Z]
inputs:
  text: File
  suffix: {type: string, default: ''}
stdin: $(inputs.text.path)
stdout: loud.$(inputs.text.basename)$(inputs.suffix)
outputs:
  loud: {type: stdout}
