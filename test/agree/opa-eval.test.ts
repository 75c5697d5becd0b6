/** `gatehouse eval` beside `opa eval` 1.20.2: for every line of the table the same bytes on standard output and the same exit status. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { runWords } from '../../src/cli/main.ts'
import { folderOf } from '../support/files.ts'
import { makeFakeIo } from '../support/io.ts'
import { opaMissing, runOpa } from '../support/opa.ts'

const files = {
  'd/x.json': '{"a": 1}',
  'd/sub/y.yaml': 'b: 010\n',
  'd/.hidden.json': '{"h": 1}',
  'b1/.manifest': '{"roots": ["x"], "revision": "r1"}',
  'b1/x/data.json': '{"v": 1}',
  'b1/x/p.rego': 'package x.p\n\nq := 1\n\nr(x) := x + data.x.v\n',
  'b2/y/data.json': '{"w": 1}',
  'e/unsafe.rego': 'package b\n\np = 1 if y\np := z\n',
  'e/type.rego': 'package p\nq if { input.x == 1 + "a" }\n',
  'e/parse.rego': 'package a\n\np if {\n\tinput.x == 1\n\tq(2\n}\n',
  'e/conflict.rego': 'package x\nv := 2\n',
  'e/strict.rego': 'package s\nimport data.x\np if { y := 1 }\n',
}

/** Words, and what comes on standard input after `<`. */
const lines: readonly string[] = [
  'x := 1; y := 2; x < y',
  'some x in [1,2]; x',
  'some x; [1,2][x]',
  '1 + 2',
  'false',
  'false; true',
  '[1,2,false][_]',
  'not false',
  'every x in [1] {x > 0}',
  'walk([1], [p, v])',
  'walk([1])',
  'plus(1, 2, x)',
  'print("hi")',
  'data',
  '1/0',
  'null',
  '"a\\u2028<>&"',
  'x = y; y = 1',
  '_ = 1',
  'f(1)',
  'x > 1; x := 2',
  'count([1,2]); 3',
  'data.foo with data.foo as 1',
  '{"10": 1, "9": 2, "b": {1, [2]}}',
  'x := 1; x == 2; y := 3',
  '[x, y] = [1, {2}]|pretty',
  'x := [1,2,"<a>"][_]; y = x|pretty',
  '{"b": 1.5, "a": {1,2}}; "abc"|pretty',
  '"äöü世界"; x := "é"|pretty',
  '[1,2][_]|pretty',
  'true; true|pretty',
  '{"b": 1.5}; [1]|values',
  'x = {"b": 1.5}; [1]|bindings',
  '{"b": 1.5, "a": {1,2}}; "abc"|raw',
  'data.foo|discard',
  '1|discard',
  'data.foo|pretty',
]

const words: readonly (readonly string[])[] = [
  ...lines.map((line) => {
    const bar = line.lastIndexOf('|')
    return bar === -1 ? [line] : [line.slice(0, bar), '-f', line.slice(bar + 1)]
  }),
  ['data.foo', '--fail'],
  ['data.foo', '--fail-defined'],
  ['1', '--fail-defined'],
  ['1', '--fail'],
  ['--strict-builtin-errors', '1/0'],
  ['--show-builtin-errors', '1/0'],
  ['-d', 'nothing', '1'],
  ['-d', 'e/unsafe.rego', 'data.b.p'],
  ['-d', 'e/parse.rego', 'data.b.p'],
  ['-d', 'e', 'data.b.p'],
  ['-d', 'e/strict.rego', '-S', '1'],
  ['-d', 'e/conflict.rego', '-d', 'x.v:d', '1'],
  ['-f', 'raw', '-d', 'd', 'data'],
  ['-f', 'raw', '-d', 'd/x.json', '-d', 'p.q:d/sub/y.yaml', 'data'],
  ['-f', 'raw', '-d', 'd/x.json', '-d', 'd/x.json', 'data'],
  ['-f', 'raw', '-d', 'd', '--ignore', 'sub,.*', 'data'],
  ['-f', 'raw', '-d', 'd', '--ignore', '*.yaml', 'data'],
  ['-f', 'raw', '-b', 'd', 'data'],
  ['-f', 'raw', '-d', 'd', '-b', 'b1', 'data'],
  ['-f', 'raw', '-d', 'd', '-b', 'b2', 'data'],
  ['-f', 'raw', '-b', 'b1', '-b', 'b2', 'data'],
  ['-f', 'raw', '-b', 'b1.tar.gz', 'data'],
  ['-f', 'raw', '-d', 'b1.tar.gz', 'data'],
  ['-f', 'raw', '-b', 'nothing', 'data'],
  ['-f', 'raw', '--package', 'x.p', 'r(q)', '-d', 'b1'],
  ['-f', 'raw', '--import', 'data.a as b', 'b', '-d', 'd'],
  ['-fraw', '-i', 'd/sub/y.yaml', 'input'],
  ['-If', 'raw', 'input', '<', '{"a": [1, 2]}'],
  ['-I', '-f', 'raw', 'input', '<', 'a: [1, 2]'],
  ['--stdin', '-f', 'raw', '<', '1 + 1'],
]

const reason = opaMissing()

describe(`gatehouse eval beside opa eval${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  test.skipIf(reason !== undefined)(
    'prints the same and ends with the same status',
    async () => {
      const directory = folderOf(files)
      execFileSync('tar', ['czf', 'b1.tar.gz', '-C', join(directory, 'b1'), '.manifest', 'x'], { cwd: directory })
      for (const line of words) {
        const cut = line.indexOf('<')
        const given = cut === -1 ? line : line.slice(0, cut)
        const input = cut === -1 ? undefined : line[cut + 1]
        const io = makeFakeIo({ directory, clock: systemClock, ...(input !== undefined && { input }) })
        const status = await runWords(['eval', ...given], io)
        const opa = runOpa(['eval', ...given], directory, input)
        // Details of type errors are objects of the other compiler's own types.
        const plain = (text: string): string => text.replace(/,\n {6}"details": \{\n {8}"have[\s\S]*?\n {6}\}/, '')
        expect({ line, status, out: io.stdout.text }).toEqual({ line, status: opa.status, out: plain(opa.out) })
      }
    },
    120_000,
  )
})
