/** The receivers of the suite, one row for each kind of sink. */
import { file } from './file.ts'
import { opa } from './opa.ts'
import type { ReceiverKind } from './receiver.ts'
import { stdout } from './stdout.ts'
import { webhook } from './webhook.ts'

export const receivers: readonly ReceiverKind[] = [stdout, file, webhook, opa]
