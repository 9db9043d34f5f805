# Steps that run only if a step's result says so: tool, sub-workflow, scattered; and what pickValue makes of them.
cwlVersion: v1.2
class: Workflow
requirements:
  ScatterFeatureRequirement: {}
  SubworkflowFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  InlineJavascriptRequirement: {}
inputs: {count: int}
steps:
  number: {run: number.cwl, in: {value: count}, out: [number, large, upto]}
  large: {run: say.cwl, when: $(inputs.yes), in: {yes: number/large, a: {default: large}}, out: [said]}
  small: {run: say.cwl, when: $(!inputs.no), in: {no: number/large, a: {default: small}}, out: [said]}
  fan: {run: fan.cwl, when: $(inputs.yes), in: {yes: number/large, count: number/number}, out: [loud, joined]}
  some:
    run: say.cwl
    when: $(inputs.a % 2 == 0)
    scatter: a
    in: {a: number/upto}
    out: [said]
  after: {run: join.cwl, in: {parts: {source: [large/said, small/said], pickValue: all_non_null}}, out: [joined]}
  only:
    run: shout.cwl
    in: {text: {source: [large/said, small/said], pickValue: the_only_non_null}, suffix: {default: .only}}
    out: [loud]
  evens: {run: join.cwl, in: {parts: {source: some/said, pickValue: all_non_null}}, out: [joined]}
  guarded: {run: shout.cwl, when: '$(inputs.text !== null)', in: {text: large/said}, out: [loud]}
outputs:
  first: {type: File, outputSource: [large/said, small/said], pickValue: first_non_null}
  only: {type: File, outputSource: only/loud}
  evens: {type: File, outputSource: evens/joined}
  fan: {type: 'File[]?', outputSource: fan/loud}
  fan_joined: {type: File?, outputSource: fan/joined}
  some: {type: {type: array, items: ['null', File]}, outputSource: some/said}
  after: {type: File, outputSource: after/joined}
  guarded: {type: File?, outputSource: guarded/loud}
