/** The table of sinks: one row each, in the order of the reference page. Adding a sink is its file and its row here. */
import { file } from './file.ts'
import { kafka } from './kafka.ts'
import { nats } from './nats.ts'
import { opa } from './opa.ts'
import { otlp } from './otlp.ts'
import { redis } from './redis.ts'
import { s3 } from './s3.ts'
import type { SinkKind } from './sink.ts'
import { stdout } from './stdout.ts'
import { syslog } from './syslog.ts'
import { webhook } from './webhook.ts'

export const sinkKinds: readonly SinkKind[] = [stdout, file, webhook, opa, kafka, nats, redis, syslog, s3, otlp]

/** The row of a kind; every configuration that was read names only such ones. */
export function kindOf(name: string): SinkKind {
  const row = sinkKinds.find(({ kind }) => kind === name)
  if (row === undefined) throw new TypeError(`there is no kind of sink \`${name}\``)
  return row
}
