/**
 * Plans refs: from the input, from a value, or down the tree of documents, where what the rules make and what the base documents hold meet.
 * A key that is bound looks up, a key with an unbound local goes through everything there is.
 */
import type { Ref, Term } from '../program.ts'
import { constantOf } from './constant.ts'
import { type DocumentGroup, type Frame, temp } from './frame.ts'
import type { Operand, Temp } from './ir.ts'
import { isOpen } from './unify.ts'

export function planRef(frame: Frame, ref: Ref): Operand {
  switch (ref.root.kind) {
    case 'input': {
      const { state } = frame
      return planPath(
        frame,
        frame.read('input', (target) => ({ op: 'input', target, state })),
        'input',
        ref.path,
      )
    }
    case 'data':
      return planData(frame, ref.path)
    case 'local': {
      const source = frame.bound(ref.root.local)
      if (source === undefined)
        throw new Error(`local \`${frame.locals[ref.root.local]?.name}\` is read before it is bound`)
      return planPath(frame, source, source.kind === 'temp' ? `t${source.id}` : undefined, ref.path)
    }
    case 'term':
      return planPath(frame, frame.steps.term(frame, ref.root.term), undefined, ref.path)
  }
}

/** Follows a path into a value. `place` names the value as long as literal keys lead to it, so that an equal read is done once. */
function planPath(frame: Frame, from: Operand, place: string | undefined, path: readonly Term[]): Operand {
  let source = from
  let known = place
  for (const part of path) {
    if (isOpen(frame, part)) {
      source = planScan(frame, source, part)
      known = undefined
      continue
    }
    const key = frame.steps.term(frame, part)
    const here = source
    if (known !== undefined && key.kind === 'constant' && typeof key.value !== 'object') {
      known = `${known}[${typeof key.value === 'string' ? JSON.stringify(key.value) : String(key.value)}]`
      source = frame.read(known, (target) => ({ op: 'get', target, source: here, key }))
    } else {
      known = undefined
      source = frame.set((target) => ({ op: 'get', target, source: here, key }))
    }
  }
  return source
}

function planScan(frame: Frame, source: Operand, part: Term): Operand {
  frame.enterLoop()
  const key = frame.temp()
  const value = frame.temp()
  const { ordered, state } = frame
  frame.loop((body) => ({ op: 'scan', source, key, value, ordered, body, state }))
  frame.steps.match(frame, part, temp(key))
  return temp(value)
}

function planData(frame: Frame, path: readonly Term[]): Operand {
  const { world, state } = frame
  const place: string[] = []
  for (let i = 0; i <= path.length; i++) {
    const group = world.documentGroup(place)
    if (group !== undefined) return planDocument(frame, group, place, path.slice(i))
    const part = path[i]
    if (part === undefined) break
    const key = constantOf(part)
    if (typeof key !== 'string' && typeof key !== 'number') return planTree(frame, place, path.slice(i))
    place.push(String(key))
    if (!world.hasNode(place)) return planBase(frame, place, path.slice(i + 1))
  }
  world.demandTree(place)
  const cursor = frame.temp()
  frame.add({ op: 'tree', target: cursor, path: place, state })
  return frame.set((target) => ({ op: 'settle', target, source: cursor, state }))
}

/** A path that no rule can reach: what is literal at its beginning is found before evaluation. */
function planBase(frame: Frame, place: readonly string[], rest: readonly Term[]): Operand {
  const path = [...place]
  let used = 0
  for (const part of rest) {
    const key = constantOf(part)
    // The store of base documents knows names only: `data.a[2]` is the element of an array or the field "2" of an object.
    if (typeof key !== 'string' && typeof key !== 'number') break
    path.push(String(key))
    used++
  }
  const { state } = frame
  const text = JSON.stringify(path)
  const source = frame.read(`base${text}`, (target) => ({ op: 'base', target, path, state }))
  return planPath(frame, source, undefined, rest.slice(used))
}

function planDocument(frame: Frame, group: DocumentGroup, place: readonly string[], rest: readonly Term[]): Operand {
  const keys: Operand[] = []
  while (keys.length < group.depthMax) {
    const part = rest[keys.length]
    if (part === undefined || isOpen(frame, part)) break
    keys.push(frame.steps.term(frame, part))
  }
  frame.world.demandVariant(group.id, keys.length)
  const { state } = frame
  const literal = keys.every((key) => key.kind === 'constant' && typeof key.value === 'string')
  const text = JSON.stringify([place, keys.map((key) => (key.kind === 'constant' && literal ? key.value : null))])
  const document = (target: Temp) => ({ op: 'document', target, group: group.id, keys, state }) as const
  const source = literal ? frame.read(`document${text}`, document) : frame.set(document)
  return planPath(frame, source, undefined, rest.slice(keys.length))
}

/** A path that leaves the tree of rules through a key known only in evaluation. */
function planTree(frame: Frame, place: readonly string[], rest: readonly Term[]): Operand {
  const { world, state } = frame
  world.demandTree(place)
  let cursor = frame.temp()
  frame.add({ op: 'tree', target: cursor, path: [...place], state })
  for (const part of rest) {
    const source = cursor
    if (isOpen(frame, part)) {
      frame.enterLoop()
      const key = frame.temp()
      const value = frame.temp()
      frame.loop((body) => ({ op: 'scanTree', source, key, value, body, state }))
      frame.steps.match(frame, part, temp(key))
      cursor = value
    } else {
      const key = frame.steps.term(frame, part)
      const target = frame.temp()
      frame.add({ op: 'select', target, source, key, state })
      cursor = target
    }
  }
  return frame.set((target) => ({ op: 'settle', target, source: cursor, state }))
}
