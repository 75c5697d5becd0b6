/**
 * Modules that `opa build -t wasm` made, as the gateway asks them. A module is asked for the whole package, because only that shows every rule of the
 * contract: a `deny` that was left out of the entrypoints would be left out of the decision.
 */
import {
  type Flaw,
  Flaws,
  isJsonObject,
  type Json,
  limits,
  type PolicyAnswer,
  policyRules,
  property,
  type Question,
} from '../model/index.ts'
import {
  loadWasm,
  type NondeterministicValues,
  parseModule,
  RegoErrors,
  type Json as RegoJson,
  type WasmPolicy,
} from '../rego/index.ts'
import { flawsOf } from './flaws.ts'
import { answerWith } from './nondeterministic.ts'
import type { PolicySources, WasmFile } from './sources.ts'

/** A module that can be asked. */
export interface LoadedModule extends WasmFile {
  readonly policy: WasmPolicy
}

/** Loads every module with the data of the policy. Rejects with `Flaws`. */
export async function loadModules({ wasm, data }: PolicySources): Promise<readonly LoadedModule[]> {
  const flaws: Flaw[] = []
  const loaded: LoadedModule[] = []
  for (const file of wasm) {
    try {
      const module = { ...file, policy: await load(file, data as RegoJson) }
      loaded.push(module)
      flaws.push(...absentFlaws(module), ...recordFlaws(file))
    } catch (cause) {
      if (!(cause instanceof RegoErrors)) throw cause
      flaws.push(...flawsOf(cause))
    }
  }
  if (flaws.length > 0) throw new Flaws(flaws)
  return loaded
}

function load({ path, bytes }: WasmFile, data: RegoJson): Promise<WasmPolicy> {
  return loadWasm({
    module: bytes,
    file: path,
    data,
    limits: { stepsMax: limits.policyStepsMax, resultValuesMax: limits.policyResultValuesMax },
  })
}

/** What the manifest promises and the module does not have. */
function absentFlaws({ path, entrypoints, policy }: LoadedModule): readonly Flaw[] {
  return entrypoints
    .filter((entrypoint) => !policy.entrypoints.includes(entrypoint))
    .map((entrypoint) => ({
      file: path,
      place: '',
      message: `the module has no entrypoint \`${entrypoint}\`, which the manifest beside it names`,
      fix: 'put module and manifest of one bundle here',
    }))
}

/** Rules about records that nobody asks would leave in records what they were to hide. */
function recordFlaws({ rego }: WasmFile): readonly Flaw[] {
  return Object.entries(rego)
    .filter(([file, text]) => parseModule(text, file).package.join('.') === 'system.log')
    .map(([file]) => ({
      file,
      place: '',
      message: 'rules about records are not asked where they stand beside a module',
      fix: 'put them into a folder of their own and name it in `policy.paths`',
    }))
}

/** The modules that answer for a package: one at most, where the files are right. */
export function answeringModules(loaded: readonly LoadedModule[], entrypoint: string): readonly LoadedModule[] {
  return loaded.filter(({ entrypoints }) => entrypoints.includes(pathOf(entrypoint)))
}

/** The modules that answer for something in a package and not for all of it. */
export function partlyAnswering(loaded: readonly LoadedModule[], entrypoint: string): readonly LoadedModule[] {
  return loaded.filter(({ entrypoints }) => entrypoints.some((each) => each.startsWith(`${pathOf(entrypoint)}/`)))
}

/** `company.agents` as OPA's entrypoints have it: `company/agents`. */
function pathOf(entrypoint: string): string {
  return entrypoint.replaceAll('.', '/')
}

export function moduleQuestion({ policy }: LoadedModule, entrypoint: string): Question {
  const query = policy.query(pathOf(entrypoint))
  let used: NondeterministicValues | undefined
  const options = { record: (values: NondeterministicValues) => (used = values) }
  return {
    reads: query.reads,
    ask: (input) => {
      used = undefined
      const answer = answerOf(query.value(input as RegoJson, options) as Json | undefined, entrypoint)
      return used === undefined ? answer : answerWith(answer, used)
    },
  }
}

/** A module says which rules have a value, not which of their definitions gave it: they are told by name. */
function answerOf(document: Json | undefined, entrypoint: string): PolicyAnswer {
  const defined = policyRules.map((rule) => {
    const value = isJsonObject(document) ? property(document, rule) : undefined
    return { rule, values: value === undefined ? [] : [value] }
  })
  return {
    value: Object.fromEntries(defined.map(({ rule, values }) => [rule, values])),
    rules: defined.filter(({ values }) => saysSomething(values[0])).map(({ rule }) => `${entrypoint}.${rule}`),
  }
}

/** A set without members is what a rule gives that does not hold. */
function saysSomething(value: Json | undefined): boolean {
  if (value === undefined) return false
  if (Array.isArray(value)) return value.length > 0
  return !isJsonObject(value) || Object.keys(value).length > 0
}
