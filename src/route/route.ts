/**
 * Call -> Target. Whoever has no token learns nothing of what there is: to the anonymous every path is `token_missing`
 * unless its route says `identity: none`.
 */
import {
  type Call,
  Fault,
  type Json,
  type Principal,
  type RouteRule,
  type Target,
  type Upstream,
} from '../model/index.ts'
import { type Description, readDescription } from './description.ts'
import { makeRuleTree, pathSegments } from './rules.ts'
import { OtherMethods } from './templates.ts'
import type { Tool } from './tool.ts'
import { type MakeValidator, openValidators } from './validate.ts'

/** Faults: `token_missing`, `route_unknown`, `method_unknown`, `operation_unknown`. Costs one step a path segment. */
export type RouteCall = (call: Call, principal: Principal) => Target

export interface RouterOptions {
  readonly routes: readonly RouteRule[]
  readonly upstreams: readonly Upstream[]
  /** The parsed OpenAPI descriptions by the path that `RouteRule.description` gives. */
  readonly descriptions: ReadonlyMap<string, Json>
}

export interface Router {
  readonly route: RouteCall
  /** Every operation of every description as the tool that an agent sees, in the order of routes and paths. */
  readonly tools: readonly Tool[]
}

interface Line {
  readonly rule: RouteRule
  readonly upstream: Upstream
  readonly description: Description | undefined
  /** Segments that are removed on the way up. */
  readonly prefixLength: number
}

/**
 * Throws an `Error` for rules that contradict each other or name no upstream, `Flaws` for descriptions that cannot be used,
 * each with its place and what to write instead.
 */
export function makeRouter({ routes, upstreams, descriptions }: RouterOptions): Router {
  const byId = new Map(upstreams.map((upstream) => [upstream.id, upstream]))
  const makeValidator = openValidators()
  const lines = routes.map((rule) => makeLine(rule, byId, descriptions, makeValidator))
  const tree = makeRuleTree(lines.map((line) => ({ rule: line.rule, value: line })))

  function route(call: Call, principal: Principal): Target {
    const place = tree.find(call.host, call.segments)
    const line = place?.methods.get(call.method) ?? place?.any
    if (!principal.authenticated && line?.rule.route.identity !== 'none')
      throw new Fault('token_missing', 'the call has no `Authorization`, and its route does not do without')
    if (place === undefined) throw new Fault('route_unknown', `no route takes \`${call.host}\` and \`${call.path}\``)
    if (line === undefined)
      throw new Fault('method_unknown', `the routes of \`${call.path}\` do not take \`${call.method}\``, {
        allowedMethods: [...place.methods.keys()].sort(),
      })
    return aim(line, call)
  }

  return { route, tools: lines.flatMap(({ description }) => description?.tools ?? []) }
}

function makeLine(
  rule: RouteRule,
  upstreams: ReadonlyMap<string, Upstream>,
  descriptions: ReadonlyMap<string, Json>,
  makeValidator: MakeValidator,
): Line {
  const { id, prefix } = rule.route
  const upstream = upstreams.get(rule.upstream)
  if (upstream === undefined)
    throw new Error(
      `route \`${id}\` names the upstream \`${rule.upstream}\`, which is not there: add it to \`upstreams\``,
    )
  const removed = pathSegments(prefix)
  const whole = pathSegments(rule.path)
  if (removed.some((segment, index) => segment !== whole[index]))
    throw new Error(
      `route \`${id}\` removes the prefix \`${prefix}\`, which its path \`${rule.path}\` does not begin with`,
    )
  const document = rule.description === undefined ? undefined : descriptions.get(rule.description)
  if (rule.description !== undefined && document === undefined)
    throw new Error(`the description \`${rule.description}\` of route \`${id}\` was not read`)
  const description =
    rule.description === undefined || document === undefined
      ? undefined
      : readDescription({
          file: rule.description,
          document,
          server: upstream.id,
          renames: rule.renames,
          prefixLength: removed.length,
          makeValidator,
        })
  return { rule, upstream, description, prefixLength: removed.length }
}

function aim({ rule, upstream, description, prefixLength }: Line, call: Call): Target {
  const route = rule.route
  const path = upstreamPath(call, prefixLength)
  if (description === undefined) return { route, upstream, upstreamPath: path }
  const operation = description.find(call.method, call.segments, prefixLength)
  const isKnown = operation !== undefined && !(operation instanceof OtherMethods)
  if (isKnown) return { route, upstream, operation, upstreamPath: path }
  if (route.undescribed === 'allow') return { route, upstream, upstreamPath: path }
  if (operation !== undefined)
    throw new Fault(
      'method_unknown',
      `the description of \`${upstream.id}\` has no \`${call.method}\` for \`${call.path}\``,
      { allowedMethods: operation.methods },
    )
  throw new Fault('operation_unknown', `the description of \`${upstream.id}\` has no path for \`${call.path}\``)
}

/** The path after the prefix, with the query as it came. Counted in segments: an escape may make a prefix longer than written. */
function upstreamPath({ path, query }: Call, prefixLength: number): string {
  let from = 0
  for (let count = 0; count < prefixLength && from >= 0; count++) from = path.indexOf('/', from + 1)
  const rest = from < 0 ? '/' : from === 0 ? path : path.slice(from)
  return query === undefined ? rest : `${rest}?${query}`
}
