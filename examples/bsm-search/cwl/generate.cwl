# One group of files of a sample, merged.
cwlVersion: v1.2
class: Workflow
requirements:
  ScatterFeatureRequirement: {}

inputs:
  code: Directory
  seed: int
  sample: string
  events: int
  files: int[]

steps:
  generate:
    run: steps.cwl#generate
    scatter: index
    in: {code: code, sample: sample, index: files, events: events, seed: seed}
    out: [events]

  merge:
    run: steps.cwl#merge
    in: {code: code, inputs: generate/events}
    out: [merged]

outputs:
  merged: {type: File, outputSource: merge/merged}
