# The steps. `code` is the directory with the scripts; the image provides Python and its packages.
cwlVersion: v1.2
$graph:
  - id: generate
    class: CommandLineTool
    hints: &python
      DockerRequirement: {dockerPull: "docker.io/wfcompile/bsm-search:1.0"}
    baseCommand: [python3, -B]
    arguments: [$(inputs.code.path)/generate.py, events.h5]
    inputs:
      code: Directory
      sample: {type: string, inputBinding: {prefix: --sample, position: 1}}
      index: {type: int, inputBinding: {prefix: --index, position: 2}}
      events: {type: int, inputBinding: {prefix: --events, position: 3}}
      seed: {type: int, inputBinding: {prefix: --seed, position: 4}}
    outputs:
      events: {type: File, outputBinding: {glob: events.h5}}

  - id: merge
    class: CommandLineTool
    hints: *python
    baseCommand: [python3, -B]
    arguments: [$(inputs.code.path)/merge.py, merged.h5]
    inputs:
      code: Directory
      inputs: {type: "File[]", inputBinding: {position: 1}}
    outputs:
      merged: {type: File, outputBinding: {glob: merged.h5}}

  - id: select
    class: CommandLineTool
    hints: *python
    baseCommand: [python3, -B]
    arguments: [$(inputs.code.path)/select_events.py, $(inputs.input.path), selected.h5]
    inputs:
      code: Directory
      input: File
      region: {type: string, inputBinding: {prefix: --region, position: 1}}
      variations: {type: [string, "string[]"], inputBinding: {prefix: --variations, position: 2}}
    outputs:
      selected: {type: File, outputBinding: {glob: selected.h5}}

  - id: histogram
    class: CommandLineTool
    hints: *python
    baseCommand: [python3, -B]
    arguments: [$(inputs.code.path)/histogram.py, $(inputs.input.path), hist.h5]
    inputs:
      code: Directory
      input: File
      name: {type: string, inputBinding: {prefix: --process, position: 1}}
      weight: {type: double, inputBinding: {prefix: --weight, position: 2}}
      variations: {type: "string[]", inputBinding: {prefix: --variations, position: 3}}
      suffix: {type: string?, inputBinding: {prefix: --suffix, position: 4}}
    outputs:
      histograms: {type: File, outputBinding: {glob: hist.h5}}

  - id: makews
    class: CommandLineTool
    hints: *python
    requirements:
      ShellCommandRequirement: {}
    arguments:
      - shellQuote: false
        valueFrom: |
          set -e
          mkdir -p results
          python3 -B $(inputs.code.path)/make_workspace.py $(inputs.histograms.path) results/bsm
    inputs:
      code: Directory
      histograms: File
    outputs:
      workspace: {type: File, outputBinding: {glob: "results/bsm*combined*model.h5"}}

  - id: plot
    class: CommandLineTool
    hints: *python
    requirements:
      ShellCommandRequirement: {}
    arguments:
      - shellQuote: false
        valueFrom: |
          set -e
          python3 -B $(inputs.code.path)/plot.py $(inputs.workspace.path) prefit.pdf --luminosity $(inputs.luminosity)
          python3 -B $(inputs.code.path)/fit.py $(inputs.workspace.path) fit_results.json
          python3 -B $(inputs.code.path)/plot.py $(inputs.workspace.path) postfit.pdf \
            --luminosity $(inputs.luminosity) --fit fit_results.json
    inputs:
      code: Directory
      workspace: File
      luminosity: int
    outputs:
      prefit: {type: File, outputBinding: {glob: prefit.pdf}}
      postfit: {type: File, outputBinding: {glob: postfit.pdf}}
      fit_results: {type: File, outputBinding: {glob: fit_results.json}}

  - id: hepdata
    class: CommandLineTool
    hints: *python
    baseCommand: [python3, -B]
    arguments:
      - $(inputs.code.path)/hepdata_export.py
      - $(inputs.workspace.path)
      - submission.yaml
      - mass_spectrum.yaml
      - hepdata.zip
    inputs:
      code: Directory
      workspace: File
    outputs:
      submission: {type: File, outputBinding: {glob: submission.yaml}}
      table: {type: File, outputBinding: {glob: mass_spectrum.yaml}}
      archive: {type: File, outputBinding: {glob: hepdata.zip}}
