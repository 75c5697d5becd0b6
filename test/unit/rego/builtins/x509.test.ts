/**
 * Proves that a chain of certificates holds only where the names in it lie within the name constraints of the authorities above
 * (RFC 5280 section 4.2.1.10). Each row of `test/cases/rego/name-constraints.json` says what OPA 1.20.2 answers, and, where `opa`
 * can be run, it is asked again.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prepare } from '../../../../src/rego/index.ts'
import { type AlternativeName, type IssueOptions, issue } from '../../../support/certificate.ts'
import { findOpa } from '../../../support/opa.ts'

interface Row {
  readonly names: readonly string[]
  readonly permitted: readonly string[]
  readonly excluded: readonly string[]
  /** The chain holds. */
  readonly holds: boolean
  /** Its certificates can be read at all. */
  readonly read: boolean
}

const rows: readonly Row[] = JSON.parse(
  readFileSync(new URL('../../../cases/rego/name-constraints.json', import.meta.url), 'utf8'),
)

const policy = `package test

holds[i] := result if {
	some i, chain in input
	[result, _] := crypto.x509.parse_and_verify_certificates_with_options(chain, {"KeyUsages": ["KeyUsageAny"]})
}

read[i] := true if {
	some i, chain in input
	crypto.x509.parse_certificates(chain)
}
`

const query = prepare({ query: 'data.test', modules: { 'test.rego': policy } })

interface Answers {
  readonly holds: Readonly<Record<string, boolean>>
  readonly read: Readonly<Record<string, boolean>>
}

function ask(chains: readonly string[]): Answers {
  return query.value([...chains]) as unknown as Answers
}

function named(text: string): AlternativeName {
  const colon = text.indexOf(':')
  return { kind: text.slice(0, colon) as AlternativeName['kind'], value: text.slice(colon + 1) }
}

type Constraints = Pick<IssueOptions, 'permitted' | 'excluded' | 'names'>

/** A root, an authority below it and a leaf, as one text. */
function chainOf(leaf: readonly string[], root: Constraints, middle: Constraints): string {
  const first = issue({ subject: 'root', authority: true, ...root })
  const second = issue({ subject: 'middle', issuer: first, authority: true, ...middle })
  const last = issue({ subject: 'leaf', issuer: second, authority: false, names: leaf.map(named) })
  return first.certificate + second.certificate + last.certificate
}

function constraintsOf({ permitted, excluded }: Row): Constraints {
  return { permitted: permitted.map(named), excluded: excluded.map(named) }
}

const titled = rows.map((row) => {
  const { names, permitted, excluded, holds } = row
  return [`${names} below ${permitted} without ${excluded}: ${holds}`, row] as const
})

describe('a chain holds where its names are permitted and not excluded', () => {
  test.each(titled)('%s', (_title, row) => {
    const limits = constraintsOf(row)
    const { holds, read } = ask([chainOf(row.names, limits, {}), chainOf(row.names, {}, limits)])
    expect(holds).toEqual({ 0: row.holds, 1: row.holds })
    expect(read[0] ?? false).toBe(row.read)
  })

  const only = (...permitted: string[]): Constraints => ({ permitted: permitted.map(named) })

  test.each([
    [
      'a root that constrains itself does not name itself',
      chainOf(['dns:a.b.test'], { ...only('dns:b.test'), names: [named('dns:x.test')] }, {}),
      true,
    ],
    [
      'an authority in the middle must be within the constraints, too',
      chainOf(['dns:a.b.test'], only('dns:b.test'), { names: [named('dns:x.test')] }),
      false,
    ],
    ['both of two authorities must permit', chainOf(['dns:a.b.test'], only('dns:b.test'), only('dns:c.test')), false],
    ['one within the other', chainOf(['dns:a.b.test'], only('dns:test'), only('dns:b.test')), true],
  ])('%s', (_title, chain, holds) => {
    expect(ask([chain]).holds).toEqual({ 0: holds })
  })
})

const opa = findOpa()

test.skipIf(opa === undefined)('OPA gives the answers of the table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'names-'))
  try {
    writeFileSync(join(folder, 'test.rego'), policy)
    writeFileSync(
      join(folder, 'input.json'),
      JSON.stringify(rows.map((row) => chainOf(row.names, constraintsOf(row), {}))),
    )
    const args = ['eval', '-d', join(folder, 'test.rego'), '-i', join(folder, 'input.json'), '-f', 'raw', 'data.test']
    const { holds, read } = JSON.parse(execFileSync(opa ?? '', args, { encoding: 'utf8' })) as Answers
    for (const [i, row] of rows.entries()) {
      expect(holds[i]).toBe(row.holds)
      expect(read[i] ?? false).toBe(row.read)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
