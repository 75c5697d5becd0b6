/** Every configuration on docs/sinks.md is one that loads, and every kind of sink has one there. */
import { describe, expect, it } from 'vitest'
import { type Files, loadConfig } from '../../../src/config/index.ts'
import type { Config } from '../../../src/model/index.ts'
import { sinkKinds } from '../../../src/sinks/kinds.ts'
import { selfSigned } from '../../support/certificate.ts'
import { textOf } from '../../support/sources.ts'

const blocks = [...textOf('docs/sinks.md').matchAll(/^```yaml\n(sinks:\n[\s\S]*?)^```$/gm)].map(
  (match) => match[1] as string,
)

const { certificate, key } = selfSigned({ names: ['example.com'] })

/** A disk on which every file that the page names is there. */
function filesWith(text: string): Files {
  const content = (path: string) =>
    path.endsWith('gatehouse.yaml')
      ? text
      : path.endsWith('.pem')
        ? certificate
        : path.endsWith('.key')
          ? key
          : path.endsWith('webhook-key')
            ? `whsec_${Buffer.alloc(32, 7).toString('base64')}`
            : 'a-secret-of-the-page-0123456789'
  return {
    read: (path, bytesMax) => Buffer.from(content(path)).subarray(0, bytesMax + 1),
    kind: (path) => (path.endsWith('policies') ? 'folder' : 'file'),
  }
}

function load(block: string): Config {
  const environment = new Proxy({}, { get: () => 'a-secret-of-the-page-0123456789' })
  const developmentIssuer = {
    issuer: 'https://development.test',
    keys: { file: '/etc/gatehouse/data/keys/development.jwks.json' },
    audiences: ['gatehouse'],
    algorithms: ['ES256' as const],
    types: ['at+jwt'],
    skewS: 0,
    ageSMax: 86_400,
    claims: [],
  }
  const text = `mode: development\n${block}`
  return loadConfig('/etc/gatehouse/gatehouse.yaml', { environment, files: filesWith(text), developmentIssuer })
}

describe('docs/sinks.md', () => {
  it.each(blocks.map((block) => ({ block, id: /id: (\S+)/.exec(block)?.[1] })))(
    '$id loads as it stands',
    ({ block }) => {
      expect(load(block).sinks).toHaveLength(1)
    },
  )

  it('shows every kind of sink', () => {
    const shown = blocks.map((block) => load(block).sinks[0]?.kind)
    expect(shown.sort()).toEqual(sinkKinds.map(({ kind }) => kind).sort())
  })
})
