# Lists of two steps and a single file of a third become one list, which is scattered over.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, MultipleInputFeatureRequirement: {}}
inputs: {count: int}
steps:
  one: {run: make.cwl, in: {count: count, prefix: {default: one}}, out: [files]}
  two: {run: make.cwl, in: {count: {default: 2}, prefix: {default: two}}, out: [files]}
  three: {run: say.cwl, in: {a: {default: three}, b: {default: 3}}, out: [said]}
  shout:
    run: shout.cwl
    scatter: text
    in: {text: {source: [one/files, two/files, three/said], linkMerge: merge_flattened}}
    out: [loud]
  join: {run: join.cwl, in: {parts: {source: [shout/loud, two/files], linkMerge: merge_flattened}}, out: [joined]}
outputs:
  joined: {type: File, outputSource: join/joined}
