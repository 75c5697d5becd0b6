/**
 * The OpenTelemetry Collector, which hands on what it takes before it answers (no queue): to a journal in this process, that outlives it.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { type Received, type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'

/** Bytes of a request, uncompressed, that the Collector takes: more than a batch has, and less than the poisoned record. */
const bodyBytesMax = 256 * 1024

interface Exported {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly body: { readonly stringValue: string } }[]
    }[]
  }[]
}

export const otlp: ReceiverKind = {
  kind: 'otlp',
  installed: 'GATEHOUSE_TEST_OTELCOL',
  poison: { text: 'x'.repeat(bodyBytesMax) },
  async start(folder, installed) {
    const journaled: Received[] = []
    const journal = createServer(async (request, response) => {
      const { resourceLogs } = (await json(request)) as Exported
      const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs).flatMap(({ logRecords }) => logRecords)
      journaled.push(...records.map(({ body }) => receivedLine(body.stringValue)))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    journal.listen(0, '127.0.0.1')
    await once(journal, 'listening')
    const port = await freePort()
    const file = join(folder, 'collector.json')
    writeFileSync(file, JSON.stringify(configuration(port, (journal.address() as AddressInfo).port)))
    const server = await startServer({ command: join(installed, 'otelcol'), args: ['--config', file], port })
    return {
      ...server,
      settings: { url: `http://127.0.0.1:${port}` },
      entry: { batch: { bytes_max: '64KiB' } },
      received: async () => journaled,
      async close() {
        await server.kill()
        journal.close()
        journal.closeAllConnections()
      },
    }
  },
}

function configuration(port: number, journalPort: number) {
  return {
    receivers: {
      otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}`, max_request_body_size: bodyBytesMax } } },
    },
    exporters: {
      otlp_http: {
        endpoint: `http://127.0.0.1:${journalPort}`,
        encoding: 'json',
        compression: 'none',
        sending_queue: { enabled: false },
        retry_on_failure: { enabled: false },
      },
    },
    service: {
      pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      telemetry: { metrics: { level: 'none' } },
    },
  }
}
