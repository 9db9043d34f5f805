# A sub-workflow that scatters over what its own first step has made.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {count: int}
steps:
  make: {run: make.cwl, in: {count: count, prefix: {default: fan}}, out: [files]}
  shout: {run: shout.cwl, scatter: text, in: {text: make/files}, out: [loud]}
  join: {run: join.cwl, in: {parts: shout/loud}, out: [joined]}
outputs:
  loud: {type: 'File[]', outputSource: shout/loud}
  joined: {type: File, outputSource: join/joined}
