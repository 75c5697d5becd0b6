import { makeObject, RegoSet, type Value } from '../../../../src/rego/value.ts'
import { type Call, testCalls } from './calls.ts'

const object = (...entries: [Value, Value][]): Value => makeObject(entries)
const set = (...members: Value[]): Value => RegoSet.from(members)

/** Calls of builtins on objects and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  ['object.get', [{ a: { b: null } }, ['a', 'b'], 1], 'null'],
  ['object.get', [{ a: null }, 'a', 1], 'null'],
  ['object.get', [{}, 'constructor', 1], '1'],
  ['object.get', [{ a: [1] }, ['a', 0], 9], '1'],
  ['object.get', [[], 'a', 1], 'eval_type_error: operand 1 must be object but got array'],
  ['object.keys', [object([1, 2], ['a', 1])], '[1,"a"]'],
  ['object.union', [{ a: { b: 1, c: 2 } }, { a: { c: 3 }, d: 4 }], '{"a":{"b":1,"c":3},"d":4}'],
  ['object.union_n', [[{ a: { b: 2 } }, { a: 4 }, { a: { c: 3 } }]], '{"a":{"c":3}}'],
  ['object.union_n', [[1]], 'eval_type_error: operand 1 must be array of objects but got array containing number'],
  ['object.remove', [{ a: 1, b: 3 }, set('a')], '{"b":3}'],
  ['object.filter', [{ a: 1, b: 2 }, { b: 0 }], '{"b":2}'],
  ['object.subset', [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }], 'true'],
  [
    'object.subset',
    [
      [1, 2, 1, 2, 3],
      [1, 2, 3],
    ],
    'true',
  ],
  ['object.subset', [[1, 2], set(1)], 'true'],
  ['object.subset', [1, 2], 'eval_type_error: both arguments object.subset must be of the same type or array and set'],
  ['json.filter', [{ a: { b: 1, c: [7, 8] } }, ['a/c/1']], '{"a":{"c":[8]}}'],
  ['json.filter', [{ a: 1 }, ['']], '{}'],
  ['json.remove', [{ a: [1, 2, 3] }, ['a/1']], '{"a":[1,3]}'],
  ['json.remove', [{ a: { b: 1 } }, [['a', 'b'], 'x']], '{"a":{}}'],
  [
    'json.remove',
    [{ a: 1 }, [1]],
    'eval_type_error: operand 2 must be one of {set, array} containing string paths or array of path segments but got number',
  ],
  ['json.patch', [{ a: [1, 2] }, [{ op: 'add', path: '/a/-', value: 3 }]], '{"a":[1,2,3]}'],
  ['json.patch', [{ a: set(1) }, [{ op: 'remove', path: ['a', 1] }]], '{"a":[]}'],
  [
    'json.patch',
    [{ a: 1 }, [{ op: 'test', path: '/a', value: 2 }]],
    'eval_builtin_error: value from EditTree != patch value.\n\nExpected: 2\n\nFound: 1',
  ],
  ['json.patch', [{ a: 1 }, [{ from: '/a', op: 'move', path: '/b' }]], '{"b":1}'],
  [
    'json.patch',
    [[1], [{ op: 'add', path: '/01', value: 3 }]],
    'eval_builtin_error: leading zeros are not allowed in JSON paths',
  ],
  ['json.patch', [{}, [{ op: 'bad', path: '' }]], "eval_builtin_error: unrecognized op: 'bad'"],
  ['json.patch', [{}, [{ op: 'add', path: '/a' }]], "eval_builtin_error: missing required attribute 'value'"],
  ['array.slice', [[1, 2, 3], -1, 2], '[1,2]'],
  ['array.flatten', [[1, [2, [3]], []]], '[1,2,[3]]'],
  ['array.concat', [[1], set()], 'eval_type_error: operand 2 must be array but got set'],
  ['array.reverse', [[1, 2]], '[2,1]'],
  ['union', [set(set(1), set(2))], '[1,2]'],
  ['intersection', [set()], '[]'],
  ['and', [set(1, 2), set(2, 3)], '[2]'],
  ['or', [set(1), [1]], 'eval_type_error: operand 2 must be set but got array'],
  ['internal.member_2', [1, { a: 1 }], 'true'],
  ['internal.member_3', ['a', 1, { a: 1 }], 'true'],
  ['graph.reachable', [{ a: ['b'], b: ['c', 'a'] }, ['a']], '["a","b"]'],
  ['graph.reachable_paths', [{ a: ['b', 'c'], b: [], c: ['a'] }, set('a')], '[["a","b"],["a","c"]]'],
  ['walk', [{ a: [1] }], '[[[],{"a":[1]}],[["a"],[1]],[["a",0],1]]'],
]

testCalls(calls)
