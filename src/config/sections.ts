/**
 * The parts of a file that can be checked together although the file has errors: what is wrong by itself is left out, so
 * that it does not hide what is wrong with the rest.
 */
import type { z } from 'zod'
import type { SinkEntry } from '../sinks/index.ts'
import type { Path } from './errors.ts'
import {
  type AgentFile,
  type AgentsListenerFile,
  type ConfigFile,
  entrySchemas,
  type IssuerFile,
  type OperatorsListenerFile,
  parts,
  type RouteFile,
  type UpstreamFile,
} from './schema.ts'

export interface Entry<T> {
  readonly path: Path
  readonly entry: T
}

export interface Sections {
  /** `production` when the file says something else that is wrong: the stricter of the two. */
  readonly mode: ConfigFile['mode']
  readonly data: string | undefined
  readonly agents_listener: AgentsListenerFile | undefined
  readonly operators: OperatorsListenerFile | undefined
  readonly issuers: readonly Entry<IssuerFile>[]
  readonly agents: readonly Entry<AgentFile>[]
  readonly upstreams: readonly Entry<UpstreamFile>[]
  readonly routes: readonly Entry<RouteFile>[]
  readonly sinks: readonly Entry<SinkEntry>[]
  readonly policy: ConfigFile['policy'] | undefined
  readonly log: ConfigFile['log'] | undefined
  readonly audit: ConfigFile['audit'] | undefined
  readonly timing: ConfigFile['timing'] | undefined
  /** Names by place, also of entries that are wrong otherwise: what refers to them is right. */
  readonly ids: { readonly [list in keyof typeof entrySchemas]: readonly (string | undefined)[] }
}

/** Never throws, whatever `value` is. */
export function sectionsOf(value: unknown): Sections {
  const of = (key: string): unknown => field(value, key)
  const part = <K extends keyof typeof parts>(key: K): ConfigFile[K] | undefined => {
    return sound(parts[key], of(key)) as ConfigFile[K] | undefined
  }
  return {
    mode: part('mode') ?? 'production',
    data: part('data'),
    agents_listener: listener(of('listeners'), 'agents'),
    operators: listener(of('listeners'), 'operators'),
    issuers: entries(of('issuers'), 'issuers', (entry) => sound(entrySchemas.issuers, entry)),
    agents: entries(of('agents'), 'agents', (entry) => sound(entrySchemas.agents, entry)),
    upstreams: entries(of('upstreams'), 'upstreams', (entry) => sound(entrySchemas.upstreams, entry)),
    routes: entries(of('routes'), 'routes', (entry) => sound(entrySchemas.routes, entry)),
    sinks: entries(of('sinks'), 'sinks', (entry) => sound(entrySchemas.sinks, entry)),
    policy: part('policy'),
    log: part('log'),
    audit: part('audit'),
    timing: part('timing'),
    ids: {
      issuers: names(of('issuers'), 'issuer'),
      agents: names(of('agents'), 'id'),
      upstreams: names(of('upstreams'), 'id'),
      routes: names(of('routes'), 'id'),
      sinks: names(of('sinks'), 'id'),
    },
  }
}

/** One listener alone: the other one may be wrong. */
function listener<K extends 'agents' | 'operators'>(value: unknown, key: K): ConfigFile['listeners'][K] | undefined {
  const own = field(value, key)
  return sound(parts.listeners, own === undefined ? {} : { [key]: own })?.[key]
}

function entries<T>(value: unknown, list: string, parse: (entry: unknown) => T | undefined): Entry<T>[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((raw, index) => {
    const entry = parse(raw)
    return entry === undefined ? [] : [{ path: [list, index], entry }]
  })
}

function names(value: unknown, key: string): (string | undefined)[] {
  if (!Array.isArray(value)) return []
  return value.map((entry) => {
    const name = field(entry, key)
    return typeof name === 'string' ? name : undefined
  })
}

/** `value` without the settings that are wrong in it; undefined when what is left does not do. */
function sound<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  const whole = schema.safeParse(value)
  if (whole.success) return whole.data
  const rest: unknown = structuredClone(value)
  for (const issue of whole.error.issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(-1)
    const parent = (issue.code === 'unrecognized_keys' ? issue.path : issue.path.slice(0, -1)).reduce<unknown>(
      (node, part) => field(node, String(part)),
      rest,
    )
    if (typeof parent !== 'object' || parent === null) continue
    for (const key of keys) Reflect.deleteProperty(parent, key)
  }
  return schema.safeParse(rest).data
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as { readonly [key: string]: unknown })[key]
}
