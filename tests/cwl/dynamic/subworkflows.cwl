# A known number of sub-workflows, each with an expansion of its own.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, SubworkflowFeatureRequirement: {}}
inputs: {counts: 'int[]'}
steps:
  fan: {run: fan.cwl, scatter: count, in: {count: counts}, out: [loud, joined]}
outputs:
  loud: {type: {type: array, items: {type: array, items: File}}, outputSource: fan/loud}
  joined: {type: 'File[]', outputSource: fan/joined}
