/** The work of the MCP benchmark is what its tables say: sizes, lists, and messages that either era takes. */
import { describe, expect, it } from 'vitest'
import { argumentSizes, argumentsOf, calledTool, definitionsOf, requestOf } from '../../../bench/mcp/work.ts'

describe('the arguments', () => {
  it.each(Object.entries(argumentSizes))('%s are as long as the table says', (_, bytes) => {
    const length = JSON.stringify(argumentsOf(bytes)).length
    expect(length / bytes).toBeGreaterThan(0.99)
    expect(length / bytes).toBeLessThan(1.01)
  })
})

describe('a list', () => {
  it.each([10, 100, 1_000])('of %d tools has so many, the called one first and one that policy hides', (count) => {
    const names = definitionsOf(count, 0).map((tool) => (tool as { name: string }).name)
    expect(new Set(names).size).toBe(count)
    expect(names[0]).toBe(calledTool)
    expect(names.at(-1)).toBe('delete_everything')
  })

  it('of another server does not have the called tool', () => {
    expect(JSON.stringify(definitionsOf(10, 3))).not.toContain(calledTool)
  })
})

describe('a request', () => {
  const params = { name: calledTool, arguments: argumentsOf(300) }

  it('of 2026-07-28 says in its headers what its body says', () => {
    const { body, headers } = requestOf('2026-07-28', 7, 'tools/call', params)
    const message = JSON.parse(body)
    expect(headers).toMatchObject({
      'mcp-protocol-version': message.params._meta['io.modelcontextprotocol/protocolVersion'],
      'mcp-method': message.method,
      'mcp-name': message.params.name,
    })
  })

  it('of 2025-11-25 has no envelope', () => {
    const { body, headers } = requestOf('2025-11-25', 7, 'tools/call', params)
    expect(JSON.parse(body)).toEqual({ jsonrpc: '2.0', id: 7, method: 'tools/call', params })
    expect(Object.keys(headers).sort()).toEqual(['accept', 'content-type', 'mcp-protocol-version'])
  })
})
