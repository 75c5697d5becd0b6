/** Calls, targets and policies for decisions: the policy is Rego through the real compiler, or an answer written by hand. */
import { type Decide, makeDecide } from '../../../src/decide/index.ts'
import type {
  Call,
  Decision,
  Json,
  JsonObject,
  Operation,
  Policy,
  Principal,
  Question,
  Target,
} from '../../../src/model/index.ts'
import { policyRules } from '../../../src/model/index.ts'
import { compilePolicies } from '../../../src/policy/index.ts'
import { parseBody } from '../../../src/wire/index.ts'

export interface CallParts {
  readonly method?: string
  readonly body?: string | Uint8Array
  readonly mediaType?: string | undefined
  /** As if it came in chunks. */
  readonly chunked?: boolean
  readonly headers?: readonly (readonly [string, string])[]
  readonly queryPairs?: readonly (readonly [string, string])[]
  readonly receivedMs?: number
}

export interface CountedCall extends Call {
  /** How often the body was asked for. */
  readonly reads: () => number
}

export function makeCall(parts: CallParts = {}): CountedCall {
  const bytes = typeof parts.body === 'string' ? Buffer.from(parts.body) : (parts.body ?? new Uint8Array(0))
  const mediaType = 'mediaType' in parts ? parts.mediaType : 'application/json'
  let reads = 0
  return {
    id: '0195-call',
    protocol: 'http',
    receivedMs: parts.receivedMs ?? Date.UTC(2026, 2, 2, 10, 0, 0, 5) + 0.25,
    startedMs: 0,
    method: parts.method ?? 'POST',
    host: 'agents.example.test',
    path: '/erp/purchase%20orders',
    segments: ['erp', 'purchase orders'],
    queryPairs: parts.queryPairs ?? [],
    headers: new Map(parts.headers ?? []),
    reads: () => reads,
    body: {
      lengthBytes: parts.chunked === true ? null : bytes.length,
      ...(mediaType !== undefined && { mediaType }),
      bytes: async () => {
        reads++
        return bytes
      },
    },
  } as unknown as CountedCall
}

export const principal = {
  authenticated: true,
  identity: { issuer: 'i', actors: [], delegated: false, scopes: ['a'], roles: [], bound: 'none', claims: {} },
  agent: { id: 'buyer', status: 'active' },
} as unknown as Principal

export interface TargetParts {
  readonly operation?: Operation
  readonly level?: 'none' | 'metadata' | 'input'
  readonly undescribed?: 'refuse' | 'allow'
  readonly policyHeaders?: readonly string[]
  readonly entrypoint?: string
}

export function makeTarget(parts: TargetParts = {}): Target {
  return {
    route: {
      id: 'erp',
      labels: { zone: 'a' },
      entrypoint: parts.entrypoint ?? 'gatehouse',
      recording: { mode: 'strict', level: parts.level ?? 'metadata' },
      parsedBodyBytesMax: 1000,
      policyHeaders: parts.policyHeaders ?? [],
      undescribed: parts.undescribed ?? 'refuse',
    },
    upstream: { id: 'erp-1', labels: {} },
    upstreamPath: '/purchase%20orders',
    ...(parts.operation !== undefined && { operation: parts.operation }),
  } as unknown as Target
}

export function makeOperation(argumentsOf: Operation['argumentsOf'], readsBody = true): Operation {
  return { tool: { server: 'erp-1', name: 'create', digest: 'sha256:0' }, readsBody, argumentsOf }
}

export function deciderOf(policy: Policy): Decide {
  let count = 0
  return makeDecide({ policy, parseBody, makeId: () => `decision-${++count}` })
}

/** A policy of one question that answers as told; `seen` collects the inputs. */
export function answering(
  answer: JsonObject | Error | (() => Json | undefined),
  options: { reads?: readonly (readonly string[])[]; seen?: JsonObject[] } = {},
): Policy {
  const question: Question = {
    reads: options.reads ?? [],
    ask: (input) => {
      options.seen?.push(input)
      if (answer instanceof Error) throw answer
      if (typeof answer === 'function') return { value: answer(), rules: [] }
      return {
        value: Object.fromEntries(policyRules.map((rule) => [rule, rule in answer ? [answer[rule] as Json] : []])),
        rules: policyRules.filter((rule) => rule in answer).map((rule) => `gatehouse#${rule}`),
      }
    },
  }
  return { revision: 'r1', digest: 'sha256:1', questions: new Map([['gatehouse', question]]) }
}

/** The same, from Rego of the package `gatehouse`. */
export function compiled(rego: string, data: JsonObject = {}): Policy {
  const modules = { 'policy.rego': `package gatehouse\n\n${rego}` }
  return compilePolicies({ modules, names: {}, wasm: [], data, revision: 'r1', digest: 'sha256:1' }, ['gatehouse'])
}

export async function decided(
  policy: Policy,
  call: Call = makeCall({ mediaType: undefined }),
  target: Target = makeTarget(),
): Promise<Decision> {
  return deciderOf(policy)(call, principal, target)
}
