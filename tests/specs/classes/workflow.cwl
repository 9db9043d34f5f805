# What elements ask for differs: two classes of requests, each with elements that follow one another one by one.
cwlVersion: v1.2
class: Workflow
requirements:
  ScatterFeatureRequirement: {}
inputs:
  words: {type: 'string[]', default: [one, two, three, four]}
  cores: {type: 'int[]', default: [1, 4, 1, 4]}
  megabytes: {type: 'int[]', default: [300, 700, 380, 600]}
steps:
  write:
    in: {word: words}
    scatter: word
    out: [written]
    run:
      class: CommandLineTool
      baseCommand: echo
      inputs:
        word: {type: string, inputBinding: {}}
      outputs:
        written: stdout
      stdout: written.txt
  work:
    in: {file: write/written, cores: cores, megabytes: megabytes}
    scatter: [file, cores, megabytes]
    scatterMethod: dotproduct
    out: [worked]
    run:
      class: CommandLineTool
      requirements:
        ResourceRequirement:
          coresMin: $(inputs.cores)
          ramMin: $(inputs.megabytes)
      baseCommand: echo
      arguments: [$(runtime.cores), $(runtime.ram)]
      inputs:
        file: {type: File, inputBinding: {}}
        cores: int
        megabytes: int
      outputs:
        worked: stdout
      stdout: worked.txt
outputs:
  all: {type: 'File[]', outputSource: work/worked}
