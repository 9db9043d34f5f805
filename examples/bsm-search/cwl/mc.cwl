# One simulated background: the nominal prediction with its weight variations, and its shape variations.
cwlVersion: v1.2
class: Workflow
requirements:
  MultipleInputFeatureRequirement: {}
  ScatterFeatureRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  code: Directory
  seed: int
  name: string
  weight: double
  events: int
  files: {type: {type: array, items: {type: array, items: int}}}
  weightvariations: {type: "string[]", default: [nominal, weight_var1_up, weight_var1_dn]}
  shapevariations: {type: "string[]", default: [shape_conv_up, shape_conv_dn]}

steps:
  generate:
    run: generate.cwl
    scatter: files
    in: {code: code, seed: seed, sample: name, events: events, files: files}
    out: [merged]

  nominal:
    run: histogram.cwl
    in:
      code: code
      inputs: generate/merged
      name: name
      weight: weight
      selected: weightvariations
      variations: weightvariations
    out: [histograms]

  # events are selected with the variation, their weights are nominal
  shape:
    run: histogram.cwl
    scatter: [selected, suffix]
    scatterMethod: dotproduct
    in:
      code: code
      inputs: generate/merged
      name: name
      weight: weight
      selected: shapevariations
      suffix: shapevariations
    out: [histograms]

  mergeweights:
    run: steps.cwl#merge
    in:
      code: code
      inputs: {source: [nominal/histograms], linkMerge: merge_nested}
    out: [merged]

  mergeshapes:
    run: steps.cwl#merge
    in: {code: code, inputs: shape/histograms}
    out: [merged]

  mergeallvars:
    run: steps.cwl#merge
    in:
      code: code
      inputs: [mergeweights/merged, mergeshapes/merged]
    out: [merged]

outputs:
  histograms: {type: File, outputSource: mergeallvars/merged}
