/** `gatehouse parse` as a shell calls it. What it prints beside `opa parse` is in test/agree/opa-format.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runWords } from '../../../src/cli/main.ts'
import { makeFakeIo } from '../../support/io.ts'

async function run(source: string | Uint8Array, ...words: string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-parse-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'x.rego'), source)
  const io = makeFakeIo({ directory })
  const status = await runWords(['parse', ...words], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

const source = 'package a\n\nimport data.x\n\np := {"<": 1.50} if not q[_]\n'
const tree = `module
 package
  ref
   data
   "a"
 import
  ref
   data
   "x"
  ${''}
 rule
  head
   ref
    p
   object
    "<"
    1.50
  body
   expr negated index=0
    ref
     q
     _
`

it('prints a line for each node', async () => {
  expect(await run(source, 'x.rego')).toEqual({ status: 0, out: tree, err: '' })
  expect(await run(source, 'x.rego', '--format', 'pretty')).toEqual({ status: 0, out: tree, err: '' })
})

it('prints JSON with numbers as they were written and nothing that HTML would read', async () => {
  const { status, out } = await run(source, 'x.rego', '--format', 'json')
  expect(status).toBe(0)
  expect(out).toContain('"value": 1.50')
  expect(out).toContain('"value": "\\u003c"')
  expect(JSON.parse(out)).toMatchObject({ package: { path: [{ type: 'var', value: 'data' }, { value: 'a' }] } })
})

it('prints whole numbers of annotations that JavaScript has no number for', async () => {
  const text = '# METADATA\n# custom:\n#   n: 12345678901234567890\npackage a\n'
  expect((await run(text, 'x.rego', '--format', 'json')).out).toContain('"n": 12345678901234567890')
})

it('says where the source is wrong, for people and for programs', async () => {
  const people = await run('package a\np if {', 'x.rego')
  expect(people).toMatchObject({ status: 1, out: '' })
  expect(people.err).toContain('x.rego:2:7: rego_parse_error')
  const programs = await run('package a\np if {', 'x.rego', '--format', 'json')
  expect(programs).toMatchObject({ status: 1, out: '' })
  expect(JSON.parse(programs.err)).toEqual({
    errors: [{ message: expect.any(String), code: 'rego_parse_error', location: { file: 'x.rego', row: 2, col: 7 } }],
  })
})

it.each([
  ['a file that is not there', 1, ['y.rego']],
  ['no file', 2, []],
  ['a format that it does not have', 2, ['x.rego', '--format', 'yaml']],
])('refuses %s', async (_note, status, words) => {
  expect(await run(source, ...words)).toMatchObject({ status, out: '' })
})

it('refuses bytes that are no UTF-8', async () => {
  expect(await run(new Uint8Array([0x70, 0xff]), 'x.rego')).toMatchObject({ status: 2, out: '' })
})
