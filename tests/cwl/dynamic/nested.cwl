# Expansions within an expansion: how many sub-workflows there are is known late, and how wide each is, later still.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, SubworkflowFeatureRequirement: {}}
inputs: {count: int}
steps:
  number: {run: number.cwl, in: {value: count}, out: [upto]}
  fan: {run: fan.cwl, scatter: count, in: {count: number/upto}, out: [loud, joined]}
  join: {run: join.cwl, in: {parts: fan/joined}, out: [joined]}
outputs:
  loud: {type: {type: array, items: {type: array, items: File}}, outputSource: fan/loud}
  joined: {type: File, outputSource: join/joined}
