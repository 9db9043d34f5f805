# What a run finds needs files that only defaults name: of a workflow, of a step and of a tool.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, SubworkflowFeatureRequirement: {}}
inputs: {count: int}
steps:
  make: {run: make.cwl, in: {count: count}, out: [files]}
  each:
    run:
      class: Workflow
      inputs:
        first: File
        second: {type: File, default: {class: File, location: shout.cwl}}
      steps:
        join:
          run:
            class: CommandLineTool
            baseCommand: cat
            inputs:
              first: {type: File, inputBinding: {}}
              second: {type: File, inputBinding: {}}
              third: {type: File, inputBinding: {}}
              fourth: {type: File, inputBinding: {}, default: {class: File, location: when.cwl}}
            stdout: joined
            outputs: {joined: stdout}
          in: {first: first, second: second, third: {default: {class: File, location: dot.cwl}}}
          out: [joined]
      outputs: {joined: {type: File, outputSource: join/joined}}
    scatter: first
    in: {first: make/files}
    out: [joined]
outputs:
  joined: {type: 'File[]', outputSource: each/joined}
