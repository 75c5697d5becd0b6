/** The formats in which records are sent, by the names that a configuration gives them. A new format is a file and a row here. */
import { cefFormat } from './formats/cef.ts'
import { cloudEventsFormat } from './formats/cloudevents.ts'
import { ecsFormat } from './formats/ecs.ts'
import type { MakeFormat } from './formats/line.ts'
import { nativeFormat } from './formats/native.ts'
import { ocsfFormat } from './formats/ocsf.ts'
import { opaFormat } from './formats/opa.ts'

export const formatNames = ['native', 'opa', 'cloudevents', 'ocsf', 'ecs', 'cef'] as const
export type FormatName = (typeof formatNames)[number]

export const formats: { readonly [Name in FormatName]: MakeFormat } = {
  native: nativeFormat,
  opa: opaFormat,
  cloudevents: cloudEventsFormat,
  ocsf: ocsfFormat,
  ecs: ecsFormat,
  cef: cefFormat,
}
