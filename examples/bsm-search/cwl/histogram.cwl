# Files of events to histograms: select the events of a region in each, merge, fill.
cwlVersion: v1.2
class: Workflow
requirements:
  ScatterFeatureRequirement: {}

inputs:
  code: Directory
  inputs: File[]
  name: string
  weight: double
  region: {type: string, default: signal}
  selected: {type: [string, "string[]"], default: nominal}
  variations: {type: "string[]", default: [nominal]}
  suffix: string?

steps:
  select:
    run: steps.cwl#select
    scatter: input
    in: {code: code, input: inputs, region: region, variations: selected}
    out: [selected]

  merge:
    run: steps.cwl#merge
    in: {code: code, inputs: select/selected}
    out: [merged]

  histogram:
    run: steps.cwl#histogram
    in: {code: code, input: merge/merged, name: name, weight: weight, variations: variations, suffix: suffix}
    out: [histograms]

outputs:
  histograms: {type: File, outputSource: histogram/histograms}
