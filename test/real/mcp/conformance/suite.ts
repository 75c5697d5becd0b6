/** The official conformance suite as a function: which scenarios a revision asks for, and what came of one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'

export type Leg = 'server' | 'client'
export const revisions = ['2026-07-28', '2025-11-25'] as const
export type Revision = (typeof revisions)[number]

export interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string
}

export interface Suite {
  /** Frozen with the revision. */
  required(leg: Leg, revision: Revision): readonly string[]
  /**
   * Runs one scenario at the wire of a revision: against the server at `target`, or, for the client leg, against the command
   * `target`, which gets the URL of a server as its last word. Rejects when the suite itself breaks.
   */
  run(leg: Leg, revision: Revision, scenario: string, target: string): Promise<readonly Check[]>
}

/** Milliseconds that the suite gives a scenario, and that its process gets besides. */
const scenarioMsMax = 30_000
const processMsMax = 45_000
/** Characters of the suite's last words that an error repeats. */
const wordsMax = 2_000

/** `folder` holds the `node_modules` with the suite. */
export function openSuite(folder: string): Suite {
  const home = join(folder, 'node_modules/@modelcontextprotocol/conformance')
  return {
    required(leg, revision) {
      const sets = parse(readFileSync(join(home, 'requirements', `${revision}.yaml`), 'utf8')) as Record<Leg, string[]>
      return sets[leg]
    },
    async run(leg, revision, scenario, target) {
      const results = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'))
      try {
        const words = [leg, leg === 'server' ? '--url' : '--command', target, '--scenario', scenario]
        const options = ['--spec-version', revision, '--output-dir', results, '--timeout', String(scenarioMsMax)]
        const said = await runNode([join(home, 'dist/index.js'), ...words, ...options])
        const [made] = readdirSync(results)
        if (made === undefined) throw new Error(`the suite left no result of ${scenario} at ${revision}: ${said}`)
        return JSON.parse(readFileSync(join(results, made, 'checks.json'), 'utf8')) as Check[]
      } finally {
        rmSync(results, { recursive: true, force: true })
      }
    },
  }
}

/** Its exit status says only that a check failed, which the results say too. */
async function runNode(words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: processMsMax })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-wordsMax)
    })
  await once(child, 'close')
  return said
}
