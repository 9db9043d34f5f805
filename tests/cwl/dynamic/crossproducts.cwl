# Crossproducts of a known list and one that a step makes.
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {count: int, words: 'string[]'}
steps:
  number: {run: number.cwl, in: {value: count}, out: [upto]}
  flat:
    run: say.cwl
    scatter: [a, b]
    scatterMethod: flat_crossproduct
    in: {a: number/upto, b: words}
    out: [said]
  nested:
    run: say.cwl
    scatter: [a, b]
    scatterMethod: nested_crossproduct
    in: {a: number/upto, b: words}
    out: [said]
outputs:
  flat: {type: 'File[]', outputSource: flat/said}
  nested: {type: {type: array, items: {type: array, items: File}}, outputSource: nested/said}
