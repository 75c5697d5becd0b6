/**
 * Policies that others wrote, with the same results as OPA's. `GATEHOUSE_TEST_REGO_CODE` names a folder that is not part of this project; without it nothing is
 * compared. Each folder in it is one code base: its modules are checked together, and every `test_` rule must have the same value. In folders with a
 * `policy.rego` and an `input.json` beside it, as OPA's documentation has them, each policy is a program of its own. For instance:
 *
 *     git clone --depth 1 https://github.com/cisagov/ScubaGear && git clone --depth 1 https://github.com/conforma/policy
 *     git clone --depth 1 https://github.com/aquasecurity/trivy-checks && git clone --depth 1 --branch v1.20.2 https://github.com/open-policy-agent/opa
 *
 * and of the last only `docs`: OPA's own cases are read elsewhere.
 */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RuleDecl } from '../../src/rego/ast.ts'
import { parseModule, RegoErrors } from '../../src/rego/index.ts'
import { type Answer, canonical, describeAnswer, essence } from './differential/answer.ts'
import { type Oracle, startOracle, whyNoOracle } from './differential/oracle.ts'
import { ourAnswer } from './differential/ours.ts'
import type { Program } from './differential/program.ts'

/** Functions that the hosts of these policies add to OPA's. What they do is no matter: both sides do the same. */
const functions: Readonly<Record<string, number>> = {
  'cidr.count_addresses': 1,
  'cidr.is_public': 1,
  'ec.oci.blob': 1,
  'ec.oci.blob_files': 2,
  'ec.oci.descriptor': 1,
  'ec.oci.image_files': 2,
  'ec.oci.image_index': 1,
  'ec.oci.image_manifest': 1,
  'ec.oci.image_manifests': 1,
  'ec.oci.image_referrers': 1,
  'ec.oci.image_tag_refs': 1,
  'ec.purl.is_valid': 1,
  'ec.purl.parse': 1,
  'ec.sigstore.verify_attestation': 2,
  'ec.sigstore.verify_image': 2,
  isManaged: 1,
  'result.new': 2,
  'sh.parse_commands': 1,
  'squealer.scan_string': 1,
}

const runMsMax = 1_800_000
const folder = process.env.GATEHOUSE_TEST_REGO_CODE
const reason = folder === undefined ? 'GATEHOUSE_TEST_REGO_CODE names no folder' : await whyNoOracle()

if (folder === undefined || reason !== undefined) {
  it.skip(`policies of others mean the same as to OPA (skipped: ${reason})`, () => {})
} else {
  describe(`policies in ${folder}`, () => {
    let oracle: Oracle
    beforeAll(async () => {
      oracle = await startOracle()
    }, runMsMax)
    afterAll(async () => {
      await oracle?.close()
    })

    for (const entry of readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory())) {
      const base = join(folder, entry.name)
      const examples = globSync('**/policy.rego', { cwd: base }).filter((file) =>
        existsSync(join(base, dirname(file), 'input.json')),
      )
      if (examples.length > 0)
        it(`${entry.name}: ${examples.length} examples`, () => sameExamples(oracle, base, examples), runMsMax)
      else it(`${entry.name}: one program`, () => sameProgram(oracle, base), runMsMax)
    }
  })
}

async function sameExamples(oracle: Oracle, base: string, examples: readonly string[]): Promise<void> {
  const different: string[] = []
  for (const file of examples) {
    const at = join(base, dirname(file))
    const source = readFileSync(join(base, file), 'utf8')
    const input = readFileSync(join(at, 'input.json'), 'utf8').trim()
    const data = existsSync(join(at, 'data.json')) ? readFileSync(join(at, 'data.json'), 'utf8').trim() : ''
    const program: Program = {
      modules: { [file]: source },
      query: `${refOf(parsed(source, file)?.package ?? [])} = x`,
      data: data === '' ? '{}' : oneLine(data),
      ...(input === '' ? {} : { input: oneLine(input) }),
      strict: false,
    }
    const [ours, theirs] = [ourAnswer(program), await oracle.ask(program)]
    if (essence(ours) !== essence(theirs)) different.push(difference(file, ours, theirs))
  }
  console.log(`${base}: ${examples.length} examples, ${different.length} different`)
  expect(different.join('\n\n')).toBe('')
}

async function sameProgram(oracle: Oracle, base: string): Promise<void> {
  const files = globSync('**/*.rego', { cwd: base })
  const modules = Object.fromEntries(files.map((file) => [file, readFileSync(join(base, file), 'utf8')]))
  const tests = testsOf(modules)
  const program: Program = { modules, query: '', data: '{}', strict: false, functions, waitMs: 300_000 }
  const [ours, theirs] = await values(oracle, program, tests)
  const same = tests.filter((test) => ours.get(test) === theirs.get(test))
  const passed = tests.filter((test) => theirs.get(test) === '[true]')
  console.log(
    `${base}: ${files.length} modules, ${tests.length} tests, ${passed.length} pass with OPA, ${same.length} the same here`,
  )
  expect(files.length).toBeGreaterThan(0)
  const different = tests.filter((test) => ours.get(test) !== theirs.get(test))
  expect(different.map((test) => `${test}\nours: ${ours.get(test)}\nOPA: ${theirs.get(test)}`).join('\n\n')).toBe('')
}

/** What both sides give for each test: its value in a list, `[]` where it is undefined, or the errors. Where one fails, the halves are asked on their own. */
async function values(
  oracle: Oracle,
  program: Program,
  tests: readonly string[],
): Promise<readonly [Map<string, string>, Map<string, string>]> {
  const fields = tests.map((test) => `${JSON.stringify(test)}: [v | v = ${test}]`)
  const asked = { ...program, query: `x = {${fields.join(', ')}}` }
  const [ours, theirs] = [ourAnswer(asked), await oracle.ask(asked)]
  const isFinal = (answer: Answer) =>
    answer.kind === 'rows' || answer.errors.some(({ code }) => code.startsWith('rego_')) || tests.length <= 1
  if (isFinal(ours) && isFinal(theirs)) return [byTest(tests, ours), byTest(tests, theirs)]
  const middle = Math.ceil(tests.length / 2)
  const [first, second] = [
    await values(oracle, program, tests.slice(0, middle)),
    await values(oracle, program, tests.slice(middle)),
  ]
  return [new Map([...first[0], ...second[0]]), new Map([...first[1], ...second[1]])]
}

function byTest(tests: readonly string[], answer: Answer): Map<string, string> {
  const [row] = answer.kind === 'rows' ? answer.rows : []
  const found = (row as { readonly x?: Readonly<Record<string, never>> } | undefined)?.x ?? {}
  return new Map(
    tests.map((test) => [test, answer.kind === 'errors' ? essence(answer) : canonical(found[test] ?? null)]),
  )
}

/** The refs of all rules whose name begins with `test_`, each once. */
function testsOf(modules: Readonly<Record<string, string>>): readonly string[] {
  const refs = Object.entries(modules).flatMap(([file, source]) => {
    const { package: path, rules } = parsed(source, file) ?? { package: [], rules: [] }
    return rules.flatMap((rule) => {
      const name = nameOf(rule)
      return name?.startsWith('test_') ? [refOf([...path, name])] : []
    })
  })
  return [...new Set(refs)].sort()
}

function parsed(source: string, file: string): ReturnType<typeof parseModule> | undefined {
  try {
    return parseModule(source, file)
  } catch (cause) {
    if (cause instanceof RegoErrors) return undefined
    throw cause
  }
}

function nameOf({ head }: RuleDecl): string | undefined {
  const first = head.ref.kind === 'ref' ? head.ref.head : head.ref
  return first.kind === 'var' ? first.name : undefined
}

const refOf = (path: readonly string[]) => `data${path.map((part) => `[${JSON.stringify(part)}]`).join('')}`

const oneLine = (json: string) => json.replaceAll(/[\r\n]/g, ' ')

function difference(name: string, ours: Answer, theirs: Answer): string {
  return `${name}\nours: ${describeAnswer(ours)}\nOPA: ${describeAnswer(theirs)}`
}
