# The simulated signal.
cwlVersion: v1.2
class: Workflow
requirements:
  MultipleInputFeatureRequirement: {}
  ScatterFeatureRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  code: Directory
  seed: int
  events: int
  files: {type: {type: array, items: {type: array, items: int}}}
  weight: double

steps:
  generate:
    run: generate.cwl
    scatter: files
    in: {code: code, seed: seed, sample: {default: signal}, events: events, files: files}
    out: [merged]

  signal_region:
    run: histogram.cwl
    in: {code: code, inputs: generate/merged, name: {default: signal}, weight: weight}
    out: [histograms]

  merge:
    run: steps.cwl#merge
    in:
      code: code
      inputs: {source: [signal_region/histograms], linkMerge: merge_nested}
    out: [merged]

outputs:
  histograms: {type: File, outputSource: merge/merged}
