/** The formats by the names that a configuration gives them. A new format is a file and a row here. */
import { cefFormat } from './cef.ts'
import { cloudEventsFormat } from './cloudevents.ts'
import { ecsFormat } from './ecs.ts'
import type { MakeFormat } from './line.ts'
import { nativeFormat } from './native.ts'
import { ocsfFormat } from './ocsf.ts'
import { opaFormat } from './opa.ts'

export const formats = {
  native: nativeFormat,
  opa: opaFormat,
  cloudevents: cloudEventsFormat,
  ocsf: ocsfFormat,
  ecs: ecsFormat,
  cef: cefFormat,
} as const satisfies { readonly [name: string]: MakeFormat }

export type FormatName = keyof typeof formats
