# Data: the spectrum in the signal region, and the multijet background. Its shape comes from the
# control region, its size follows with the transfer factor.
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
  transfer_factor: double

steps:
  generate:
    run: generate.cwl
    scatter: files
    in: {code: code, seed: seed, sample: {default: data}, events: events, files: files}
    out: [merged]

  signal_region:
    run: histogram.cwl
    in: {code: code, inputs: generate/merged, name: {default: data}, weight: {default: 1.0}}
    out: [histograms]

  control_region:
    run: histogram.cwl
    in:
      code: code
      inputs: generate/merged
      region: {default: control}
      name: {default: qcd}
      weight: transfer_factor
    out: [histograms]

  mergeall:
    run: steps.cwl#merge
    in:
      code: code
      inputs: [signal_region/histograms, control_region/histograms]
    out: [merged]

outputs:
  histograms: {type: File, outputSource: mergeall/merged}
