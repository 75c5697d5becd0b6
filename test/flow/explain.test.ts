/** `gatehouse explain`: a call in a file and a call that a real gateway decided and recorded, told by the rules and conditions that decided. */
import { describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { folderOf } from '../support/files.ts'
import { makeFakeIo } from '../support/io.ts'
import { openWorld } from '../support/world.ts'

const policy = `package gatehouse

default allow := false

allow if input.call.http.method == "GET"

# METADATA
# custom:
#   id: paths.closed
deny contains {"code": "closed", "message": "this path is closed"} if {
	input.call.http.path in data.closed
}
`
const data = { 'policies/data.json': '{"closed": ["/secret"]}' }

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

async function run(directory: string, words: readonly string[], input?: string): Promise<Ran> {
  const io = makeFakeIo({ directory, ...(input !== undefined && { input }) })
  const status = await runWords(['explain', ...words], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

describe('gatehouse explain', () => {
  const folder = (): string => folderOf({ 'p/main.rego': policy, 'p/data.json': '{"closed": ["/secret"]}' })
  const call = (method: string, path: string): string => JSON.stringify({ call: { http: { method, path } } })

  it('names the rule that denies and the values that it saw', async () => {
    const { status, out } = await run(folder(), ['-I', '-d', 'p'], call('GET', '/secret'))
    expect(status).toBe(0)
    expect(out).toBe(
      [
        'gatehouse.deny#paths.closed (p/main.rego:10) gave {"code": "closed", "message": "this path is closed"}',
        '  input.call.http.path in data.closed',
        '    input.call.http.path = "/secret", data.closed = ["/secret"]',
        'gatehouse.allow (p/main.rego:5) gave true',
        '',
      ].join('\n'),
    )
  })

  it('names the rule that came nearest to allowing where none denies', async () => {
    const { out } = await run(folder(), ['-I', '-d', 'p'], call('PUT', '/'))
    expect(out.split('\n')).toEqual([
      'gatehouse.allow gave false:',
      '  gatehouse.allow (p/main.rego:5): input.call.http.method == "GET"',
      '    input.call.http.method = "PUT"',
      '',
    ])
  })

  it('explains any query, as JSON too', async () => {
    const { out } = await run(folder(), ['-I', '-d', 'p', 'data.gatehouse.deny', '--format', 'json'], call('GET', '/'))
    const { documents, value } = JSON.parse(out)
    expect(value).toEqual([])
    expect(documents).toMatchObject([
      {
        name: 'gatehouse.deny',
        rules: [
          {
            id: 'paths.closed',
            outcome: 'failed',
            conditions: [
              {
                held: false,
                text: 'input.call.http.path in data.closed',
                values: [
                  { term: 'input.call.http.path', value: '/' },
                  { term: 'data.closed', value: ['/secret'] },
                ],
              },
            ],
          },
        ],
      },
    ])
  })

  it.each([
    { words: [], status: 2, says: /there is nothing to explain/ },
    { words: ['data.x[', '-d', 'p'], status: 2, says: /rego_parse_error/ },
    { words: ['-i', 'absent.json', '-d', 'p'], status: 2, says: /absent\.json/ },
    { words: ['1', '-d', 'absent'], status: 2, says: /absent/ },
  ])('says what is wrong with $words', async ({ words, status, says }) => {
    const ran = await run(folder(), words)
    expect(ran.status).toBe(status)
    expect(ran.err).toMatch(says)
  })

  it('explains what a gateway recorded, and says when the policy is another by now', async () => {
    const world = await openWorld({
      policies: { 'main.rego': policy },
      files: data,
      route: { recording: { level: 'input' } },
    })
    try {
      const { headers } = await world.send({ path: '/secret' })
      const id = String(headers['gatehouse-decision'])
      const { status, out } = await run(world.folder, [id])
      expect(status).toBe(0)
      expect(out).toContain('gatehouse.deny#paths.closed (main.rego:10) gave')
      expect(out).toContain('input.call.http.path = "/secret"')
      expect(out).not.toContain('decided by policy')
      world.write('policies/main.rego', policy.replace('in data.closed', 'in ["/other"]'))
      const later = await run(world.folder, [id])
      expect(later.out).toMatch(/^decided by policy \w+, explained with \w+, which is in force$/m)
      expect(later.out).toMatch(/^it was `deny`, and is `allow` with this policy$/m)
    } finally {
      await world.close()
    }
  })

  it('says of a call whose input was not recorded how to record it', async () => {
    const world = await openWorld({
      policies: { 'main.rego': policy },
      files: data,
      route: { recording: { level: 'metadata' } },
    })
    try {
      const { headers } = await world.send({ path: '/secret' })
      const ran = await run(world.folder, [String(headers['gatehouse-decision'])])
      expect(ran.status).toBe(1)
      expect(ran.err).toMatch(/does not hold the input in full .*`recording: \{ level: input \}`/)
    } finally {
      await world.close()
    }
  })
})
