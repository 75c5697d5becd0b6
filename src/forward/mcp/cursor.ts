/** Cursors of the lists that agents get: where a page begins. They say nothing of the servers behind the route. */
import type { Json } from '../../model/index.ts'
import { rpcFault } from '../../wire/index.ts'

/** The mark keeps a server's own cursor, which an agent may have kept, from being read as ours. */
const cursorForm = /^gatehouse-([0-9]{1,7})$/

export function cursorOf(place: number): string {
  return Buffer.from(`gatehouse-${place}`).toString('base64url')
}

/** 0 without a cursor. Faults with `rpc_params_invalid` for one that was not given here. */
export function placeIn(cursor: Json | undefined): number {
  if (cursor === undefined) return 0
  const text = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('utf8') : ''
  const place = cursorForm.exec(text)?.[1]
  if (place === undefined) throw rpcFault('rpc_params_invalid', '`params.cursor` was not given here')
  return Number(place)
}
