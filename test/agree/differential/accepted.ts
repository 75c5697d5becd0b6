/**
 * Differences from OPA that are meant, each with its reason and a narrow test for it. What none of them covers is a bug of one side. They are
 * counted in every run, so that a cover which is too wide shows.
 */
import { type Answer, decimalKey, essence, type Fault } from './answer.ts'
import type { Program } from './program.ts'
import type { Difference } from './shrink.ts'

interface Accepted {
  readonly reason: string
  covers(difference: Difference): boolean
}

const errorsOf = (answer: Answer): readonly Fault[] => (answer.kind === 'errors' ? answer.errors : [])
const textOf = ({ modules, input = '', data }: Program) => [...Object.values(modules), input, data].join('\n')
const sourceOf = ({ program }: Difference) => Object.values(program.modules).join('\n')
/** The text of the rule that a fault is in: generated ones begin at the start of a line, what follows a line break in a raw string does not. */
const ruleOf = ({ program }: Difference, { file, row }: Fault) =>
  rulesOf((program.modules[file] ?? '').split('\n').slice(0, row).join('\n')).at(-1) ?? ''
const rulesOf = (source: string) => source.split(/\n(?=[\w#])/).map((rule) => rule.trimEnd())
const placeOf = ({ code, file, row }: Fault) => `${code} ${file}:${row}`
const isType = ({ code }: Fault) => code === 'rego_type_error'
const isUnsafe = ({ code }: Fault) => code === 'rego_unsafe_var_error'
const isSyntax = ({ code }: Fault) => code === 'rego_parse_error'
/** OPA does not look at a query while something is wrong with the modules. */
const inModules = (answer: Answer) => errorsOf(answer).filter(({ file }) => file !== '')

export const accepted: Readonly<Record<string, Accepted>> = {
  'one cause, one error': {
    reason:
      'OPA reports what follows from a type error, too (refs to the rule, calls of it), and may place a wrong ref at another mention of the same rule',
    covers: (difference) => {
      const [ours, theirs] = [errorsOf(difference.ours).filter(isType), errorsOf(difference.theirs).filter(isType)]
      const [mine, other] = [new Set(ours.map(causeOf)), new Set(theirs.map(causeOf))]
      const shared = [...ours, ...theirs].filter((fault) => mine.has(causeOf(fault)) && other.has(causeOf(fault)))
      // OPA stops at ten errors, most of which may follow from others.
      if (shared.length > 0 && theirs.length >= 10) return true
      const rules = new Set(shared.map((fault) => ruleOf(difference, fault)))
      const follows = mentioning(difference, (rule) => rules.has(rule))
      const isOne = (fault: Fault) =>
        shared.includes(fault) || isMock(fault) || fault.row === 0 || follows(ruleOf(difference, fault))
      const all = [...errorsOf(difference.ours), ...errorsOf(difference.theirs)]
      return ours.length > 0 && theirs.length > 0 && all.every((fault) => isType(fault) && isOne(fault))
    },
  },
  'the first syntax error': {
    reason:
      'OPA goes on after a syntax error and reports what it then finds, and it looks whether a statement can be a rule once all of them can be read',
    covers: ({ ours, theirs }) => {
      const places = new Set(errorsOf(theirs).map(placeOf))
      const isLate = ({ message }: Fault) =>
        /cannot be used for rule|must have value|package expected|template-string|unexpected eof/.test(message)
      return (
        errorsOf(ours).length > 0 &&
        errorsOf(theirs).some(isSyntax) &&
        errorsOf(ours).every((fault) => isSyntax(fault) && (places.has(placeOf(fault)) || isLate(fault)))
      )
    },
  },
  'a rule named by an operator': {
    reason: 'OPA takes `-x = 1` for a rule that is called `minus`',
    covers: ({ ours }) => errorsOf(ours).some(({ message }) => message === 'call cannot be used for rule name'),
  },
  'types of literals': {
    reason:
      'OPA compares keys of object types by their JSON, so that `{0.5: 1, 4: 1}` or `{[]: 1}` fits nothing, and what it knows of comprehensions and of variables in templates hangs on the order of its rewriting',
    covers: (difference) => {
      const [ours, theirs] = [inModules(difference.ours), errorsOf(difference.theirs)]
      const apart = [
        ...ours.filter((fault) => !theirs.some((other) => placeOf(other) === placeOf(fault))),
        ...theirs.filter((fault) => !ours.some((other) => placeOf(other) === placeOf(fault))),
      ].filter(({ code }) => code.startsWith('rego_'))
      const loose = mentioning(difference, (rule) => looseLiteral.test(rule))
      const isLoose = (fault: Fault) => loose(ruleOf(difference, fault)) || /^undefined ref: [[{]/.test(fault.message)
      return apart.length > 0 && apart.every((fault) => isType(fault) && isLoose(fault))
    },
  },
  'a variable that OPA alone finds unsafe': {
    reason:
      'OPA refuses some closures and templates over a variable that the body binds elsewhere: `[x | true] == input[x]; x = 1`',
    covers: (difference) => {
      const [ours, theirs] = [inModules(difference.ours).filter(isUnsafe), errorsOf(difference.theirs)]
      const isUndeclared = ({ message }: Fault) => / is undeclared$/.test(message)
      if (theirs.some(isUndeclared)) return theirs.every(isUndeclared) && /\$["`]/.test(sourceOf(difference))
      const said = ({ row, message }: Fault) => `${row} ${message}`
      const isMore =
        theirs.length > ours.length && ours.every((fault) => theirs.some((other) => said(other) === said(fault)))
      return isMore && theirs.every(isUnsafe) && /\||\bevery\b|\bnot\b|\$["`]/.test(sourceOf(difference))
    },
  },
  'a target of `with` that is no path': {
    reason: 'OPA finds the variable of `with input[x] as 1` unsafe, and a key that is no string in the evaluation only',
    covers: ({ ours }) =>
      errorsOf(ours).some(({ message }) => message.startsWith('with keyword target must reference existing')),
  },
  'a body that OPA takes for a set': {
    reason: 'inside of a set comprehension or a body OPA does not try `{x = 1} and y` as an operand with braces',
    covers: (difference) =>
      !errorsOf(difference.ours).some(isSyntax) &&
      errorsOf(difference.theirs).some((fault) => isSyntax(fault) && fault.message.startsWith('unexpected ')) &&
      /keywords\.(?:and|or)\b/.test(sourceOf(difference)) &&
      /[{|] ?\{/.test(sourceOf(difference)),
  },
  'a function in the place of one with other arguments': {
    reason: 'OPA does not compare a function that calls the one it stands in for',
    covers: ({ ours, theirs }) =>
      errorsOf(ours).length > 0 && errorsOf(ours).every(isMock) && !errorsOf(theirs).some(isMock),
  },
  'an operator in the place of a name': {
    reason: 'with `future.keywords.or` OPA reads `data.|x`: to its scanner the operator and the keyword are one token',
    covers: (difference) =>
      errorsOf(difference.ours).some(isSyntax) &&
      !errorsOf(difference.theirs).some(isSyntax) &&
      /\.[|&]/.test(sourceOf(difference)),
  },
  'a word for a wrong template': {
    reason: 'with `future.keywords.not` OPA finds `$"{not x}"` one stage later and names a class of its own',
    covers: ({ ours, theirs }) =>
      errorsOf(ours)[0]?.message.includes('template-string') === true &&
      errorsOf(theirs)[0]?.message.includes('*ast.Not') === true,
  },
  'an error without a place': {
    reason: 'OPA places an unknown function in a template nowhere',
    covers: ({ ours, theirs }) =>
      errorsOf(theirs).some(({ row, message }) => row === 0 && errorsOf(ours).some((mine) => mine.message === message)),
  },
  'the line of a fault in annotations': {
    reason: 'OPA gives the first line of the block where its YAML parser tells no line; ours tells the line',
    covers: ({ ours, theirs }) =>
      [ours, theirs].every((answer) => errorsOf(answer)[0]?.message.startsWith('yaml:') === true),
  },
  'the code of a module that cannot be parsed': {
    reason: 'OPA lets the syntax error of `rego.parse_module` out as it is, ours says which builtin failed',
    covers: ({ ours, theirs }) =>
      errorsOf(ours)[0]?.message.startsWith('rego.parse_module: ') === true && errorsOf(theirs).some(isSyntax),
  },
  'the text of a number': {
    reason:
      'a number is its decimal: where OPA prints `1e2` or `3.50` as they were written, inside of a text, ours prints `100` and `3.5`',
    covers: ({ ours, theirs }) =>
      ours.kind === 'rows' &&
      theirs.kind === 'rows' &&
      withPlainNumbers(essence(ours)) === withPlainNumbers(essence(theirs)),
  },
  'a shift beyond 64 bits': {
    reason: 'OPA takes the number of bits modulo 2^64',
    covers: (difference) =>
      difference.ours.kind === 'rows' &&
      difference.theirs.kind === 'rows' &&
      /bits\.[lr]sh\(/.test(sourceOf(difference)),
  },
  'a remembered template': {
    reason:
      'OPA remembers the expression of `regex.template_match` by the template alone: other delimiters do not count the second time',
    covers: (difference) => sourceOf(difference).includes('regex.template_match('),
  },
  'a body of a literal': {
    reason:
      'where the value of a rule must be computed, OPA takes the bodies `not true` and `true with input as input.absent` for `true`',
    covers: (difference) =>
      /[{|] (?:not )?true(?: with [^;]*)? [}\]]/.test(sourceOf(difference)) && difference.ours.kind === 'rows',
  },
  'line separators in YAML': {
    reason: 'to OPA, U+2028 and U+2029 end a line of YAML, to YAML 1.2 and here they do not',
    covers: ({ program, ours, theirs }) =>
      ours.kind === 'rows' &&
      theirs.kind === 'rows' &&
      /yaml\.(?:unmarshal|is_valid)\(/.test(textOf(program)) &&
      /[\u2028\u2029]|\\u202[89]/.test(textOf(program)),
  },
  'a text cut inside of a character': {
    reason: 'OPA replaces the empty text in front of every byte, which leaves no UTF-8',
    covers: ({ program, theirs }) => /replace(?:_n)?\(/.test(textOf(program)) && essence(theirs).includes('\ufffd'),
  },
  'control characters in the values of a template': {
    reason:
      'OPA hands values to `strings.render_template` as texts with the escapes of Go, which its reader of JSON refuses',
    covers: ({ program, ours }) =>
      ours.kind === 'rows' &&
      textOf(program).includes('strings.render_template(') &&
      /[^\P{Cc}\n]|[\ufeff\uffff]|\\u(?:00|feff|ffff)/u.test(textOf(program)),
  },
  'a signature of the time before 1970': {
    reason: 'the text of a number: OPA refuses `-1e9` and signs for `-1000000000`, and here both are refused',
    covers: ({ program }) => textOf(program).includes('providers.aws.sign_req('),
  },
  'a limit of ours': {
    reason: 'evaluation is bounded: what OPA would try for as long as it is given is refused at once',
    covers: ({ ours, theirs }) =>
      errorsOf(ours).some(({ message }) => message.includes('exceeds the limit')) ||
      errorsOf(theirs).some(({ code }) => code === 'eval_cancel_error'),
  },
  'OPA cannot say it': {
    reason: 'OPA panics, meets a bug that it names itself, or makes a number that it cannot print as JSON',
    covers: ({ theirs }) =>
      errorsOf(theirs).some(
        ({ code, message }) =>
          code === 'panic' || code === 'eval_internal_error' || (code === 'other' && message.startsWith('json: ')),
      ),
  },
}

/** The name of what covers a difference; undefined where nothing does. */
export function acceptedAs(difference: Difference): string | undefined {
  return Object.keys(accepted).find((name) => accepted[name]?.covers(difference))
}

/** A literal with a key that is no string, a comprehension whose element is an argument, or a template with a variable. */
const looseLiteral =
  /[{,] ?(?:-?\d[\w.+-]*|true|false|null|set\(\)|[\w.]+|[^{},]*[\]})]): |[[{]\(?[av]\d+ \| |\$["`][^\n]*\{[av]\d+\}/

/** What an error is about: wrong refs into documents without their places, everything else by code and row. */
function causeOf(fault: Fault): string {
  const message = fault.message.replace(/\["(\w+)"\]/g, '.$1')
  return /^undefined ref: (?:data|input)[^[]*/.exec(message)?.[0] ?? placeOf(fault)
}

/** By `with` a function stands in for another: OPA compares the two with what it knows by then. */
function isMock({ message }: Fault): boolean {
  return message.endsWith('arity mismatch')
}

/** Tells of a rule's text whether it is one of some, or mentions such a rule, or one that mentions one, and so on. */
function mentioning(difference: Difference, isOne: (rule: string) => boolean): (rule: string) => boolean {
  const wordsOf = (rule: string): readonly string[] => rule.match(/\b\w+\b/g) ?? []
  const nameOf = (rule: string) => /^(?:default )?(\w+)/.exec(rule)?.[1] ?? ''
  const rules = rulesOf(sourceOf(difference))
  const names = new Set(rules.filter(isOne).map(nameOf))
  const mentions = (rule: string) => wordsOf(rule).some((word) => names.has(word))
  for (let before = -1; before !== names.size; ) {
    before = names.size
    for (const rule of rules) if (mentions(rule)) names.add(nameOf(rule))
  }
  return mentions
}

const numberPattern = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** A document whose texts and keys write every number in one way. */
function withPlainNumbers(text: string): string {
  return text.replace(numberPattern, (number) => `<${decimalKey(number)}>`)
}
