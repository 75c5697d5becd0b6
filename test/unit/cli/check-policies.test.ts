/** `gatehouse check PATH ...` as a shell calls it: what is right is silent, what is wrong is told as `opa check` tells it. */
import { describe, expect, it } from 'vitest'
import { runWords } from '../../../src/cli/main.ts'
import { folderOf } from '../../support/files.ts'
import { makeFakeIo } from '../../support/io.ts'
import { opaMissing, runOpa } from '../../support/opa.ts'

const files = {
  'right/a.rego': 'package a\n\nimport data.b\n\np if { x := 1; input.n == 1 }\n\nq(x) := b.y\n',
  'right/data.json': '{"a": {"p": 1}}',
  'right/broken.json': '{',
  'wrong/parse.rego': 'package a\n\np if {\n\tq(2\n}\n',
  'wrong/unsafe.rego': 'package b\n\np := z\n',
  'wrong/unsafe2.rego': 'package c\n\np := z\n\nq := y\n',
  'bundle/.manifest': '{"roots": ["a"]}',
  'bundle/a/data.json': '{"p": 1}',
  'bundle/a.rego': 'package a\n\np := 2\n',
  'outside/.manifest': '{"roots": ["x"]}',
  'outside/a.rego': 'package a\n',
  'schema.json': '{"type": "object", "properties": {"n": {"type": "string"}}, "additionalProperties": false}',
  'typed.rego': 'package a\n\np if input.m == 1\n',
  'capabilities.json': '{"builtins": []}',
  'calls.rego': 'package a\n\np if count([1]) > 0\n',
  'slip.rego': 'package a\n\nallow := true\n\np := data.a.alow\n',
  'empty/notes.txt': 'nothing',
}

async function run(words: readonly string[], directory = folderOf(files)) {
  const io = makeFakeIo({ directory })
  const status = await runWords(['check', ...words], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

const cases = [
  { words: ['right'], status: 0, err: /^$/ },
  { words: ['right/a.rego', 'typed.rego'], status: 0, err: /^$/ },
  { words: ['-S', 'right'], status: 1, err: /assigned var x unused/ },
  {
    words: ['wrong/parse.rego'],
    status: 1,
    err: /^1 error occurred during loading: wrong\/parse.rego:5: rego_parse_error/,
  },
  {
    words: ['wrong', '--ignore', 'parse.rego'],
    status: 1,
    err: /^3 errors occurred:\nwrong\/unsafe.rego:3: rego_unsafe_var_error: var z is unsafe/,
  },
  { words: ['wrong/unsafe2.rego', '-m', '1'], status: 1, err: /error limit reached\n$/ },
  {
    words: ['-b', 'bundle'],
    status: 1,
    err: /bundle\/a.rego:3: rego_compile_error: conflicting rule for data path a\/p found/,
  },
  { words: ['-b', 'outside'], status: 1, err: /manifest roots \[x\] do not permit 'package a'/ },
  { words: ['typed.rego', '-s', 'schema.json'], status: 1, err: /rego_type_error: undefined ref: input.m/ },
  {
    words: ['calls.rego', '--capabilities', 'capabilities.json'],
    status: 1,
    err: /rego_type_error: undefined function/,
  },
  {
    words: ['slip.rego'],
    status: 0,
    err: /^slip.rego:5: nothing declares `data.a.alow`\n\tdid you mean `data.a.allow`\?\n$/,
  },
  { words: ['none'], status: 1, err: /stat none: no such file or directory/ },
] as const

describe('gatehouse check of policies', () => {
  it.each(cases)('of $words ends with $status', async ({ words, status, err }) => {
    const ran = await run(words)
    expect(ran).toMatchObject({ status, out: '' })
    expect(ran.err).toMatch(err)
  })

  it('tells programs nothing of what is no error', async () => {
    expect(await run(['slip.rego', '-f', 'json'])).toEqual({ status: 0, out: '', err: '' })
  })

  it('tells programs the same as JSON', async () => {
    const { status, err } = await run(['wrong/unsafe.rego', '-f', 'json'])
    expect(status).toBe(1)
    expect(JSON.parse(err)).toEqual({
      errors: [
        {
          message: 'var z is unsafe',
          code: 'rego_unsafe_var_error',
          location: { file: 'wrong/unsafe.rego', row: 3, col: 6 },
        },
      ],
    })
  })

  it.each([
    { words: ['--strict'], status: 2, err: /`--strict` is about policies; name the files/ },
    {
      words: ['right', '--config', 'x.yaml'],
      status: 2,
      err: /`--config` is about the configuration; leave it out, or the paths/,
    },
    { words: ['right', '--v0-v1'], status: 2, err: /`check` does not take `--v0-v1`/ },
    { words: ['empty'], status: 1, err: /there is no policy in `empty`/ },
  ])('refuses $words', async ({ words, status, err }) => {
    const ran = await run(words)
    expect(ran).toMatchObject({ status, out: '' })
    expect(ran.err).toMatch(err)
  })

  const reason = opaMissing()
  it.skipIf(reason !== undefined)(
    `agrees with opa check on codes, rows and columns${reason === undefined ? '' : ` (skipped: ${reason})`}`,
    async () => {
      const directory = folderOf(files)
      // Here all are asked for JSON. Lines about a limit differ in where the compilers stop; capabilities without `eq` stop `opa` before anything else.
      const comparable = cases.filter(
        ({ words }) => !words.some((word) => ['-m', '--capabilities', '-f', '--format'].includes(word)),
      )
      for (const { words } of comparable) {
        const ours = await run([...words, '-f', 'json'], directory)
        const opa = runOpa(['check', ...words, '-f', 'json'], directory)
        const facts = (text: string): unknown =>
          text === ''
            ? []
            : JSON.parse(text).errors.map((each: { code?: string; location?: unknown }) => [each.code, each.location])
        expect({ words, status: ours.status, facts: facts(ours.err) }).toEqual({
          words,
          status: opa.status,
          facts: facts(opa.err),
        })
      }
    },
    60_000,
  )
})
