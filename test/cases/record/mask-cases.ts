/** Rules of `data.system.log.mask`, what they do to one input and result, and where OPA does something else. */
import type { Json } from '../../../src/model/index.ts'

export const input = {
  a: { b: 1, c: 2 },
  l: [10, 20, 30],
  s: 'text',
  'o/p': 1,
  o: { p: 2 },
  lo: [{ k: 1 }, { k: { z: 1 } }],
  unié: 1,
  'a~b': 1,
}
export const result = { a: 1, list: [1, 2, 3] }

export interface MaskCase {
  readonly rules: readonly Json[]
  /** What differs of `input` and `result`; undefined: gone. */
  readonly input?: { readonly [name: string]: Json | undefined } | 'gone' | Json
  readonly result?: Json | 'gone'
  readonly erased?: readonly string[]
  readonly masked?: readonly string[]
  /** What is wrong with the rules: then OPA logs nothing of the event, and here nothing that could be masked is written. */
  readonly refused?: RegExp
  /** Why OPA 1.20.2 does something else. */
  readonly differs?: string
}

const encoded = 'OPA compares percent-encoded names, so it leaves what is asked to be hidden'

export const maskCases: readonly MaskCase[] = [
  { rules: [] },
  { rules: ['/input/a'], input: { a: undefined }, erased: ['/input/a'] },
  { rules: ['/input/a/b'], input: { a: { c: 2 } }, erased: ['/input/a/b'] },
  { rules: ['/input/none'] },
  { rules: ['/input/a/none/deeper'] },
  { rules: ['/input/s/deeper'] },
  { rules: ['/input/'] },
  { rules: ['/input'], input: 'gone', erased: ['/input'] },
  { rules: ['/result'], result: 'gone', erased: ['/result'] },
  { rules: ['/result/a'], result: { list: [1, 2, 3] }, erased: ['/result/a'] },
  { rules: ['/result/list/1'], result: { a: 1, list: [1, 3] }, erased: ['/result/list/1'] },
  { rules: ['/input/l/0'], input: { l: [20, 30] }, erased: ['/input/l/0'] },
  { rules: ['/input/l/9'] },
  { rules: ['/input/l/-1'] },
  { rules: ['/input/l/x'] },
  { rules: ['/input/l/length'] },
  { rules: ['/input/lo/0/k'], input: { lo: [{}, { k: { z: 1 } }] }, erased: ['/input/lo/0/k'] },
  { rules: ['/input/lo/0'], input: { lo: [{ k: { z: 1 } }] }, erased: ['/input/lo/0'] },
  { rules: ['/input/o/p'], input: { o: {} }, erased: ['/input/o/p'] },
  { rules: ['/input/__proto__'] },
  { rules: ['/input/constructor/name'] },
  { rules: ['/nd_builtin_cache'] },
  { rules: ['/nd_builtin_cache/x'] },
  { rules: ['/input/o~1p'], input: { 'o/p': undefined }, erased: ['/input/o~1p'], differs: encoded },
  { rules: ['/input/o%2Fp'], input: { 'o/p': undefined }, erased: ['/input/o%2Fp'], differs: encoded },
  { rules: ['/input/a~0b'], input: { 'a~b': undefined }, erased: ['/input/a~0b'], differs: encoded },
  { rules: ['/input/unié'], input: { unié: undefined }, erased: ['/input/unié'], differs: encoded },
  { rules: [{ op: 'remove', path: '/input/a' }], input: { a: undefined }, erased: ['/input/a'] },
  {
    rules: [{ op: 'upsert', path: '/input/a/b', value: '***' }],
    input: { a: { b: '***', c: 2 } },
    masked: ['/input/a/b'],
  },
  {
    rules: [{ op: 'upsert', path: '/input/new/deep', value: { x: 1 } }],
    input: { new: { deep: { x: 1 } } },
    masked: ['/input/new/deep'],
  },
  { rules: [{ op: 'upsert', path: '/input/s/deep', value: 1 }] },
  { rules: [{ op: 'upsert', path: '/input', value: 'all' }], input: 'all', masked: ['/input'] },
  { rules: [{ op: 'upsert', path: '/result', value: { y: 1 } }], result: { y: 1 }, masked: ['/result'] },
  { rules: [{ op: 'upsert', path: '/input/l/0', value: 9 }], input: { l: [9, 20, 30] }, masked: ['/input/l/0'] },
  { rules: [{ op: 'upsert', path: '/input/l/7', value: 9 }] },
  { rules: [{ op: 'upsert', path: '/input/a/b' }], input: { a: { b: null, c: 2 } }, masked: ['/input/a/b'] },
  {
    rules: [{ op: 'upsert', path: '/input/lo/1/k/z', value: 3 }],
    input: { lo: [{ k: 1 }, { k: { z: 3 } }] },
    masked: ['/input/lo/1/k/z'],
  },
  {
    rules: [{ op: 'upsert', path: '/input/a b', value: 3 }],
    input: { 'a b': 3 },
    masked: ['/input/a b'],
    differs: 'OPA writes the field `a%20b`',
  },
  {
    rules: ['/input/l/0', '/input/l/1'],
    input: { l: [30] },
    erased: ['/input/l/0', '/input/l/1'],
    differs: 'OPA removes one after the other, so that the second place is another element by then, and 20 stays',
  },
  {
    rules: [{ op: 'upsert', path: '/input/a', value: 1 }, '/input/a'],
    input: { a: undefined },
    masked: ['/input/a'],
    erased: ['/input/a'],
    differs: 'OPA removes first, so that what was put there stays',
  },
  {
    rules: ['/input/a', '/input/a/b'],
    input: { a: undefined },
    erased: ['/input/a', '/input/a/b'],
    differs: 'OPA names the outer path only',
  },
  { rules: ['input/a'], refused: /does not begin with/ },
  { rules: ['/foo/a'], refused: /is not below/ },
  { rules: ['/'], refused: /is not below/ },
  { rules: [''], refused: /does not begin with/ },
  { rules: ['/path'], refused: /is not below/ },
  { rules: ['/labels/id'], refused: /is not below/ },
  { rules: ['/input/a', '/foo'], refused: /is not below/ },
  { rules: ['/input/%zz'], refused: /no percent encoding/ },
  { rules: [{ op: 'replace', path: '/input/a' }], refused: /has no `op`/ },
  { rules: [{ path: '/input/a' }], refused: /has no `op`/ },
  { rules: [{ op: 'remove' }], refused: /has no `path`/ },
  { rules: [{ op: 'remove', path: 7 }], refused: /has no `path`/ },
  { rules: [5], refused: /no path and no object/ },
]

/** What is written of `part` after the case. */
export function expected(part: Json, change: MaskCase['input']): Json | undefined {
  if (change === undefined) return part
  if (change === 'gone') return undefined
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change as Json
  const merged = { ...(part as object), ...change }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as Json
}
