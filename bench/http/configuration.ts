/** The configuration that Gatehouse is measured with: production mode, one route, fifty agents, nothing switched off. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Recording } from '../../src/model/index.ts'
import { identitiesOf } from './identities.ts'
import type { Work } from './work.ts'

export interface ConfigurationOptions {
  /** Made; holds the file, its secret and the data directory. */
  readonly folder: string
  readonly port: number
  readonly work: Work
  readonly upstreamPort: number
  readonly mode: Recording['mode']
  /** How much of the input a record holds; default all of it. */
  readonly level?: 'input' | 'metadata'
  /** Folder of the rules; default those of the reference work. */
  readonly policy?: string
}

/** Writes `gatehouse.yaml` and gives its path. JSON is YAML. */
export function writeConfiguration(options: ConfigurationOptions): string {
  const { folder, port, work, upstreamPort, mode, level = 'input' } = options
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'erp-credential'), 'credential-of-the-gateway-0123456789')
  const configuration = {
    mode: 'production',
    listeners: { agents: { port }, operators: { port: 0 } },
    data: 'data',
    ...identitiesOf(work),
    upstreams: [
      {
        id: 'erp',
        url: `http://127.0.0.1:${upstreamPort}`,
        reply_max: '2GiB',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
        credential: { value: 'Bearer ${file:erp-credential}' },
      },
    ],
    routes: [
      { id: 'erp', path: '/erp', prefix: 'keep', upstream: 'erp', body_max: '2GiB', recording: { mode, level } },
    ],
    policy: { paths: [options.policy ?? join(import.meta.dirname, 'policy'), work.dataFile] },
  }
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, JSON.stringify(configuration, null, 2))
  return file
}
