/**
 * Sources -> Policy: one prepared query for each entrypoint that routes name, compiled from Rego or in a module that OPA built. What does not compile
 * is told with file, row and column; an entrypoint that could never allow anything is an error here, not a riddle at the first call.
 */
import {
  type Flaw,
  Flaws,
  type Json,
  type JsonObject,
  limits,
  type Policy,
  type PolicyAnswer,
  policyRules,
  property,
  type Question,
  type RecordRules,
} from '../model/index.ts'
import { type NondeterministicValues, parseModule, prepare, type Json as RegoJson } from '../rego/index.ts'
import { withFlaws } from './flaws.ts'
import { answeringModules, type LoadedModule, moduleQuestion, partlyAnswering } from './modules.ts'
import { answerWith } from './nondeterministic.ts'
import { ruleId } from './rule-id.ts'
import type { PolicySources } from './sources.ts'

type Module = ReturnType<typeof parseModule>

/** A package path as the configuration writes it. */
const entrypointForm = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/

/** Throws `Flaws`. `entrypoints` are packages such as `gatehouse` or `company.agents`; `loaded` are the sources' modules, loaded. */
export function compilePolicies(
  sources: PolicySources,
  entrypoints: readonly string[],
  loaded: readonly LoadedModule[] = [],
): Policy {
  const modules = withFlaws(() => Object.entries(sources.modules).map(([file, text]) => parseModule(text, file)))
  const flaws = [
    ...entrypoints.flatMap((entrypoint) => entrypointFlaws(modules, loaded, entrypoint)),
    ...conflictFlaws(sources, modules),
  ]
  if (flaws.length > 0) throw new Flaws(flaws)
  const questions = new Map(
    entrypoints.map((entrypoint) => {
      const [module] = answeringModules(loaded, entrypoint)
      return [entrypoint, module === undefined ? makeQuestion(sources, entrypoint) : moduleQuestion(module, entrypoint)]
    }),
  )
  const policy = { revision: sources.revision, digest: sources.digest, questions }
  const masks = modules.some((module) => module.package.join('.') === 'system.log')
  return masks ? { ...policy, recordRules: makeRecordRules(sources) } : policy
}

const bounds = { stepsMax: limits.policyStepsMax, resultValuesMax: limits.policyResultValuesMax }

function makeRecordRules(sources: PolicySources): RecordRules {
  const query = withFlaws(() =>
    prepare({
      query: '{"mask": [x | x := data.system.log.mask], "drop": [x | x := data.system.log.drop]}',
      modules: sources.modules,
      data: sources.data as RegoJson,
      // What a failed builtin would have masked must not be written: the failure has to be seen.
      strictBuiltinErrors: true,
      limits: bounds,
    }),
  )
  return {
    reads: query.reads,
    ask(event) {
      const said = query.value(event as RegoJson) as Json | undefined
      return { mask: first(property(said, 'mask')), drop: first(property(said, 'drop')) === true }
    },
  }
}

/** The one element of a list that is empty where the rule is undefined. */
function first(list: Json | undefined): Json | undefined {
  return Array.isArray(list) ? list[0] : undefined
}

function makeQuestion(sources: PolicySources, entrypoint: string): Question {
  const query = withFlaws(() =>
    prepare({
      query: questionText(entrypoint),
      modules: sources.modules,
      data: sources.data as RegoJson,
      limits: bounds,
      rules: (rule) => ruleId(rule, sources.names),
    }),
  )
  let used: NondeterministicValues | undefined
  let rules: readonly string[] = []
  // Evaluation is synchronous, so one place for what it used is enough, and a call makes no closure of its own.
  const options = {
    record: (values: NondeterministicValues) => (used = values),
    rules: (fired: readonly string[]) => {
      rules = fired.length > limits.ruleIdsMax ? fired.slice(0, limits.ruleIdsMax) : fired
    },
  }
  return {
    reads: query.reads,
    could: makeCould(sources, entrypoint),
    ask: (input) => {
      used = undefined
      const value = query.value(input as RegoJson, options) as PolicyAnswer['value']
      return used === undefined ? { value, rules } : answerWith({ value, rules }, used)
    },
  }
}

/** Whatever the moment: a list that an agent keeps must be good for the next one too, and its answer can be kept here. */
const ofArguments = ['input.call.arguments', 'input.call.id', 'input.call.time', 'input.call.time_ns']
const ofAct = [
  ...ofArguments,
  ...['tool', 'resource', 'prompt', 'task'].map((part) => `input.call.${part}`),
  'input.upstream',
]

/** Prepared when it is first asked: only routes that speak MCP do. */
function makeCould({ modules, data }: PolicySources, entrypoint: string): NonNullable<Question['could']> {
  const prepared = (query: string, unknowns: readonly string[]) => {
    let made: ReturnType<typeof prepare> | undefined
    return () => {
      made ??= withFlaws(() => prepare({ query, modules, data: data as RegoJson, limits: bounds, unknowns }))
      return made
    }
  }
  // What another token would be let do must be seen, or nobody would ask for that token. A reason may be a text: put into an object, it has no code.
  const code = 'object.get({"reason": reason}, ["reason", "code"], "")'
  const lasting = `reason := data.${entrypoint}.deny[_]; ${code} != "scope_missing"`
  const passes = `data.${entrypoint}.allow == true; count([1 | ${lasting}]) == 0`
  const someArguments = prepared(passes, ofArguments)
  const some = {
    tool: prepared(passes, [...ofArguments, 'input.call.tool']),
    prompt: prepared(passes, [...ofArguments, 'input.call.prompt']),
    resource: prepared(passes, [...ofArguments, 'input.call.resource']),
  }
  const someAct = prepared(passes, [...ofAct, 'input.call.method'])
  const allPass = prepared(`count([1 | data.${entrypoint}.deny[_]]) == 0`, ofAct)
  return (input, unknown) => {
    const known = input as RegoJson
    if (unknown === 'arguments') return someArguments().couldHold(known)
    if (unknown !== 'act') return some[unknown]().couldHold(known)
    return someAct().couldHold(known) && allPass().couldHold(known)
  }
}

/** All rules in one evaluation, each as a list of no or one value: undefined and false stay two things. */
export function questionText(entrypoint: string): string {
  const entries = policyRules.map((rule) => `"${rule}": [x | x := data.${entrypoint}.${rule}]`)
  return `{${entries.join(', ')}}`
}

function entrypointFlaws(
  modules: readonly Module[],
  loaded: readonly LoadedModule[],
  entrypoint: string,
): readonly Flaw[] {
  const flaw = (file: string, message: string, fix: string): readonly Flaw[] => [{ file, place: '', message, fix }]
  if (!entrypointForm.test(entrypoint))
    return flaw('', `the entrypoint \`${entrypoint}\` is no package`, 'write e.g. `gatehouse`')
  const own = modules.filter((module) => module.package.join('.') === entrypoint)
  const [first] = own
  const [answering, ...others] = answeringModules(loaded, entrypoint)
  if (answering !== undefined) {
    const files = [...others.map(({ path }) => path), ...own.map(({ file }) => file)]
    return files.flatMap((file) =>
      flaw(
        file,
        `the entrypoint \`${entrypoint}\` is also in \`${answering.path}\``,
        'name one of them in `policy.paths`',
      ),
    )
  }
  const [partial] = partlyAnswering(loaded, entrypoint)
  if (partial !== undefined)
    return flaw(
      partial.path,
      `the module was built for single rules of \`${entrypoint}\`, so that others, such as \`deny\`, could be missing`,
      `build it for the whole package: \`opa build -t wasm -e ${entrypoint.replaceAll('.', '/')}\``,
    )
  if (first === undefined)
    return flaw(
      '',
      `no policy has the package \`${entrypoint}\`, which a route names`,
      `write \`package ${entrypoint}\`, or correct the \`entrypoint\` of the route`,
    )
  if (own.some(({ rules }) => rules.some(({ head }) => head.args === undefined && rulePath(head)[0] === 'allow')))
    return []
  return flaw(
    first.file,
    `the package \`${entrypoint}\` has no rule \`allow\`: every call would be refused`,
    'write `default allow := false` and a rule that allows',
  )
}

/** A rule and a data document at one place: OPA refuses that too, because only one of them would be seen. */
function conflictFlaws({ data }: PolicySources, modules: readonly Module[]): readonly Flaw[] {
  return modules.flatMap((module) =>
    module.rules
      .filter(({ head }) => isInData(data, [...module.package, ...rulePath(head)]))
      .map(({ at }) => ({
        file: module.file,
        place: `${at.row}:${at.col}`,
        message: 'the rule stands where a data file has a document',
        fix: 'rename one of them',
      })),
  )
}

/** The parts of a rule's name that are certain: `a.b[x].c` gives `a`, `b`. */
function rulePath({ ref }: Module['rules'][number]['head']): readonly string[] {
  if (ref.kind === 'var') return [ref.name]
  const first = ref.head.kind === 'var' ? [ref.head.name] : []
  const rest = ref.path.map((part) => (part.kind === 'string' ? part.value : undefined))
  const open = rest.indexOf(undefined)
  return [...first, ...(open < 0 ? rest : rest.slice(0, open)).filter((part) => part !== undefined)]
}

function isInData(data: JsonObject, path: readonly string[]): boolean {
  let at: Json | undefined = data
  for (const key of path) at = property(at, key)
  return at !== undefined
}
