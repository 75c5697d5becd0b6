/** OPA's decision-log service: a process of ours that unzips each chunk and journals its events. */
import { join } from 'node:path'
import { httpReceiver } from './http.ts'
import type { Received, ReceiverKind } from './receiver.ts'

export const opa: ReceiverKind = {
  kind: 'opa',
  poison: { text: 'poisoned' },
  async start(folder) {
    const { port, ...receiver } = await httpReceiver('opa', join(folder, 'journal'), '', receivedEvent)
    return { ...receiver, settings: { url: `http://127.0.0.1:${port}/v1` } }
  },
}

function receivedEvent(text: string): Received {
  const { custom } = JSON.parse(text) as { custom: { gatehouse: { seq: number } } }
  return { seq: custom.gatehouse.seq, text }
}
