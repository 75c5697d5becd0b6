/** Answers of servers that are known again: only what has every byte of the last one, but for the id that was asked with. */
import { describe, expect, it } from 'vitest'
import { type Collected, SameAnswers } from '../../../../src/forward/mcp/same-answer.ts'
import { readServerMessage } from '../../../../src/forward/mcp/translate.ts'

const collected = (text: string): Collected => {
  const bytes = Buffer.from(text)
  const { message } = readServerMessage(bytes)
  if (message.kind !== 'response') throw new Error('the case is no answer')
  return { message, bytes }
}

const list = '{"jsonrpc":"2.0","id":41,"result":{"tools":[{"name":"a","id":41}]}}'

describe('an answer with the bytes of the last one but for its id', () => {
  const same: readonly (readonly [what: string, before: string, now: string, id: string])[] = [
    ['is the last one', list, '{"jsonrpc":"2.0","id":42,"result":{"tools":[{"name":"a","id":41}]}}', '42'],
    ['may have a longer id', list, '{"jsonrpc":"2.0","id":1042,"result":{"tools":[{"name":"a","id":41}]}}', '1042'],
    ['may have a shorter id', list, '{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a","id":41}]}}', '7'],
    [
      'may have its id behind the result',
      '{"result":{"tools":[]},"jsonrpc":"2.0","id": 9 }',
      '{"result":{"tools":[]},"jsonrpc":"2.0","id": 10 }',
      '10',
    ],
  ]
  for (const [what, before, now, id] of same)
    it(what, () => {
      const answers = new SameAnswers()
      const first = collected(before)
      answers.keep('tools/list', first)
      expect(answers.find('tools/list', Buffer.from(now), id)).toBe(first)
    })
})

describe('what differs in anything else is read anew:', () => {
  const other: readonly (readonly [what: string, now: string, id: string])[] = [
    ['an id that was not asked with', '{"jsonrpc":"2.0","id":43,"result":{"tools":[{"name":"a","id":41}]}}', '42'],
    ['an id that only begins so', '{"jsonrpc":"2.0","id":421,"result":{"tools":[{"name":"a","id":41}]}}', '42'],
    ['an id as text', '{"jsonrpc":"2.0","id":"2","result":{"tools":[{"name":"a","id":41}]}}', '42'],
    ['a byte before the id', '{"jsonrpc":"2.1","id":42,"result":{"tools":[{"name":"a","id":41}]}}', '42'],
    ['the last byte', '{"jsonrpc":"2.0","id":42,"result":{"tools":[{"name":"a","id":41}]} ]', '42'],
    ['a byte of the definition', '{"jsonrpc":"2.0","id":42,"result":{"tools":[{"name":"b","id":41}]}}', '42'],
    ['a member that follows the id', '{"jsonrpc":"2.0","id":42,"result":{"tools":[{"name":"a","id":42}]}}', '42'],
    ['a piece of the answer', '{"jsonrpc":"2.0","id":42', '42'],
    ['nothing at all', '', '42'],
  ]
  for (const [what, now, id] of other)
    it(what, () => {
      const answers = new SameAnswers()
      answers.keep('tools/list', collected(list))
      expect(answers.find('tools/list', Buffer.from(now), id)).toBeUndefined()
    })

  it('the answer to another question', () => {
    const answers = new SameAnswers()
    answers.keep('tools/list', collected(list))
    expect(answers.find('prompts/list', Buffer.from(list), '41')).toBeUndefined()
  })

  it('an answer that is no longer among those that are kept', () => {
    const answers = new SameAnswers()
    for (let page = 0; page < 17; page++) answers.keep(`page ${page}`, collected(list))
    expect(answers.find('page 0', Buffer.from(list), '41')).toBeUndefined()
    expect(answers.find('page 1', Buffer.from(list), '41')).toBeDefined()
  })

  it('an error without an id', () => {
    const answers = new SameAnswers()
    const text = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"what"}}'
    answers.keep('tools/list', collected(text))
    expect(answers.find('tools/list', Buffer.from(text), '41')).toBeUndefined()
  })
})
