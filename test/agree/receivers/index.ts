/** The receivers of the suite, one row for each kind of sink. */
import { file } from './file.ts'
import { kafka } from './kafka.ts'
import { nats } from './nats.ts'
import { opa } from './opa.ts'
import { otlp } from './otlp.ts'
import type { ReceiverKind } from './receiver.ts'
import { redis } from './redis.ts'
import { s3 } from './s3.ts'
import { stdout } from './stdout.ts'
import { syslog } from './syslog.ts'
import { webhook } from './webhook.ts'

export const receivers: readonly ReceiverKind[] = [stdout, file, webhook, opa, kafka, nats, redis, syslog, s3, otlp]
