/** Messages of JSON-RPC as MCP uses it: what one is, what none is, and ids that keep their type. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/model/index.ts'
import { idText, parseBody, readRpc, rpcErrorText } from '../../../src/wire/index.ts'

const read = (text: string) => readRpc(parseBody(Buffer.from(text)).value)
const made = (rest: string): string => `{"jsonrpc":"2.0",${rest}}`

describe('a message', () => {
  it.each([
    ['a request', made('"id":1,"method":"a"'), { kind: 'request', idText: '1', method: 'a', params: {} }],
    ['an id that is text', made('"id":"1","method":"a"'), { kind: 'request', idText: '"1"' }],
    [
      'an id beyond a double',
      made('"id":9007199254740993,"method":"a"'),
      { kind: 'request', idText: '9007199254740993' },
    ],
    ['an id of nothing but text', made('"id":"","method":"a"'), { kind: 'request', idText: '""' }],
    ['a notification', made('"method":"a","params":{"b":1}'), { kind: 'notification', params: { b: 1 } }],
    ['a result', made('"id":1,"result":{"a":1}'), { kind: 'response', idText: '1', outcome: { result: { a: 1 } } }],
    [
      'an error',
      made('"id":1,"error":{"code":-1,"message":"m"}'),
      { kind: 'response', outcome: { error: { code: -1 } } },
    ],
    ['an error about no message', made('"id":null,"error":{"code":-1,"message":"m"}'), { kind: 'response' }],
    ['unknown members', made('"id":1,"method":"a","more":[1]'), { kind: 'request' }],
  ])('is %s', (_note, text, wanted) => {
    expect(read(text)).toMatchObject(wanted)
  })

  it.each([
    ['a batch', '[]'],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"a"}'],
    ['an id of null', made('"id":null,"method":"a"')],
    ['an id with a fraction', made('"id":1.5,"method":"a"')],
    ['an id that is true', made('"id":true,"method":"a"')],
    ['a long id', made(`"id":"${'x'.repeat(600)}","method":"a"`)],
    ['a method that is no text', made('"id":1,"method":1')],
    ['an empty method', made('"id":1,"method":""')],
    ['a method with a line end', made('"id":1,"method":"a\\n"')],
    ['parameters in a list', made('"id":1,"method":"a","params":[]')],
    ['parameters of null', made('"id":1,"method":"a","params":null')],
    ['a method and an answer', made('"id":1,"method":"a","result":{}')],
    ['a result and an error', made('"id":1,"result":{},"error":{"code":1,"message":"m"}')],
    ['a result that is no object', made('"id":1,"result":1')],
    ['an error without a code', made('"id":1,"error":{"message":"m"}')],
    ['nothing', made('"id":1')],
  ])('is not %s', (_note, text) => {
    expect(() => read(text)).toThrow(Fault)
    expect(() => read(text)).toThrow(/rpc_malformed/)
  })
})

it('tells ids of two types apart', () => {
  expect([idText(1), idText('1'), idText(1n), idText(null), idText(1.5), idText(undefined)]).toEqual([
    '1',
    '"1"',
    '1',
    undefined,
    undefined,
    undefined,
  ])
  expect(JSON.parse(rpcErrorText(undefined, 1, 'm'))).toEqual({
    jsonrpc: '2.0',
    id: null,
    error: { code: 1, message: 'm' },
  })
})
