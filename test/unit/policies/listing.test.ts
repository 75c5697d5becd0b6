/**
 * What an agent could do at all, by the shipped policies with arguments and time unknown: every operation that it was granted, and nothing else.
 */
import { describe, expect, it } from 'vitest'
import { type Json, prepare } from '../../../src/rego/index.ts'
import { blocksOf } from '../../support/pages.ts'
import { filesBelow, textOf } from '../../support/sources.ts'

type Operations = Readonly<Record<string, readonly string[]>>

const company = JSON.parse(textOf('policies/data.json'))
const grants: Readonly<Record<string, Operations>> = company.company.grants
const operations = [
  ...new Set(
    Object.values(grants).flatMap((services) =>
      Object.entries(services).flatMap(([server, names]) => names.map((name) => `${server}/${name}`)),
    ),
  ),
]

const question = prepare({
  query: 'data.gatehouse.allow == true; count([1 | data.gatehouse.deny[_]]) == 0',
  modules: Object.fromEntries(
    filesBelow('policies', ['.rego'])
      .filter((path) => !path.endsWith('_test.rego'))
      .map((path) => [path, textOf(path)]),
  ),
  data: company,
  unknowns: ['input.call.arguments', 'input.call.time', 'input.call.time_ns'],
})

const [shown] = blocksOf(textOf('policies/README.md')).filter(({ language }) => language === 'json')
const call = JSON.parse(shown?.text ?? '')

/** Whether an agent could use an operation, with the call of policies/README.md for all else. */
function answer(agent: string, operation: string): string {
  const [server, name] = operation.split('/')
  const tool = { ...call.call.tool, server, name }
  const input: Json = { ...call, call: { ...call.call, tool }, agent: { ...call.agent, id: agent } }
  return question.holds(input)
}

describe.each([...Object.keys(grants), 'nobody'])('%s', (agent) => {
  const granted = (operation: string): boolean => {
    const [server = '', name = ''] = operation.split('/')
    return grants[agent]?.[server]?.includes(name) ?? false
  }

  it('could use every operation that it was granted', () => {
    for (const operation of operations.filter(granted)) expect(answer(agent, operation), operation).not.toBe('no')
  })

  it('could use no other, whatever the arguments', () => {
    for (const operation of operations.filter((each) => !granted(each)))
      expect(answer(agent, operation), operation).toBe('no')
  })
})

it('asks nothing about the arguments of reading', () => {
  expect(answer('buyer', 'erp/list_vendors')).toBe('yes')
  expect(answer('buyer', 'erp/create_purchase_order')).toBe('maybe')
})
