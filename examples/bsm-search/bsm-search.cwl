# A search for a new resonance in the dilepton mass spectrum, on toy data (see README.md): bsm-search.yml in CWL.
cwlVersion: v1.2
class: Workflow
requirements:
  MultipleInputFeatureRequirement: {}
  ScatterFeatureRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  code: Directory
  seed: int
  luminosity: int
  mc_names: string[]
  mc_weights: double[]
  mc_events: int
  mc_files: {type: {type: array, items: {type: array, items: int}}}
  signal_weight: double
  signal_events: int
  signal_files: {type: {type: array, items: {type: array, items: int}}}
  data_events: int
  data_files: {type: {type: array, items: {type: array, items: int}}}
  transfer_factor: double

steps:
  mc:
    run: cwl/mc.cwl
    scatter: [name, weight]
    scatterMethod: dotproduct
    in:
      code: code
      seed: seed
      name: mc_names
      weight: mc_weights
      events: mc_events
      files: mc_files
    out: [histograms]

  merge_mc:
    run: cwl/steps.cwl#merge
    in: {code: code, inputs: mc/histograms}
    out: [merged]

  data:
    run: cwl/data.cwl
    in: {code: code, seed: seed, events: data_events, files: data_files, transfer_factor: transfer_factor}
    out: [histograms]

  signal:
    run: cwl/signal.cwl
    in: {code: code, seed: seed, events: signal_events, files: signal_files, weight: signal_weight}
    out: [histograms]

  merge:
    run: cwl/steps.cwl#merge
    in:
      code: code
      inputs: [signal/histograms, data/histograms, merge_mc/merged]
    out: [merged]

  makews:
    run: cwl/steps.cwl#makews
    in: {code: code, histograms: merge/merged}
    out: [workspace]

  plot:
    run: cwl/steps.cwl#plot
    in: {code: code, workspace: makews/workspace, luminosity: luminosity}
    out: [prefit, postfit, fit_results]

  hepdata:
    run: cwl/steps.cwl#hepdata
    in: {code: code, workspace: makews/workspace}
    out: [submission, table, archive]

outputs:
  prefit: {type: File, outputSource: plot/prefit}
  postfit: {type: File, outputSource: plot/postfit}
  fit_results: {type: File, outputSource: plot/fit_results}
  submission: {type: File, outputSource: hepdata/submission}
  table: {type: File, outputSource: hepdata/table}
  archive: {type: File, outputSource: hepdata/archive}
