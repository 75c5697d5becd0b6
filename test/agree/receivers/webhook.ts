/** A receiver of signed webhooks: a process of ours that checks every signature and journals what it took. */
import { join } from 'node:path'
import { httpReceiver } from './http.ts'
import { type ReceiverKind, receivedLine } from './receiver.ts'

const key = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')

export const webhook: ReceiverKind = {
  kind: 'webhook',
  poison: { text: 'poisoned' },
  async start(folder) {
    const { port, ...receiver } = await httpReceiver('webhook', join(folder, 'journal'), key, receivedLine)
    return {
      ...receiver,
      settings: { url: `http://127.0.0.1:${port}/in`, secret: `\${WEBHOOK_KEY}` },
      environment: { WEBHOOK_KEY: `whsec_${key}` },
    }
  },
}
