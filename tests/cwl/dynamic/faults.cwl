# A sub-workflow that runs only if a step's result says so: what is wrong in it is wrong only then.
cwlVersion: v1.2
class: Workflow
requirements:
  SubworkflowFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  InlineJavascriptRequirement: {}
  StepInputExpressionRequirement: {}
inputs: {count: int, none: string?, word: string}
steps:
  number: {run: number.cwl, in: {value: count}, out: [large]}
  perhaps:
    run:
      class: Workflow
      inputs: {none: string?, word: string}
      steps:
        picked: {run: say.cwl, in: {a: {source: [none, none], pickValue: first_non_null}}, out: [said]}
        read: {run: say.cwl, in: {a: {source: none, valueFrom: $(self.toUpperCase())}}, out: [said]}
        made:
          run: {class: ExpressionTool, inputs: {none: string?}, outputs: {n: int}, expression: '$({n: inputs.none.length})'}
          in: {none: none}
          out: [n]
        last: {run: say.cwl, in: {a: made/n}, out: [said]}
      outputs:
        said: {type: File, outputSource: picked/said}
        read: {type: File, outputSource: read/said}
        last: {type: File, outputSource: last/said}
        only: {type: string, outputSource: [word, none], pickValue: the_only_non_null}
    when: $(inputs.yes)
    in: {yes: number/large, none: none, word: word}
    out: [said, read, last, only]
outputs:
  said: {type: File?, outputSource: perhaps/said}
  read: {type: File?, outputSource: perhaps/read}
  last: {type: File?, outputSource: perhaps/last}
  only: {type: string?, outputSource: perhaps/only}
