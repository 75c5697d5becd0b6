/** Calls with a JSON body that is parsed as policy would have it: the reply is the parsed value. */
import { parseBody, printJson } from '../../src/wire/index.ts'
import { bytesReply, parseReply, receiverWorld } from './receiver.ts'

/** Sends `body` and gives the reply. */
export async function sendJson(body: string | Uint8Array): Promise<ReturnType<typeof parseReply>> {
  await using world = await receiverWorld(async (call) =>
    bytesReply(call, printJson(parseBody(await call.body.bytes(8_000_000)).value)),
  )
  const bytes = Buffer.from(body as string)
  const head = `POST /a HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`
  return parseReply(await world.send(Buffer.concat([Buffer.from(head), bytes])))
}
