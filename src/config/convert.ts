/** From a file that is right to the frozen `Config`: units become numbers, paths absolute, names of the file names of the model. */
import { join } from 'node:path'
import {
  type AnchorSettings,
  type Config,
  type Issuer,
  isLoopback,
  limits,
  type McpSelects,
  parseDuration,
  parseSize,
  type Recording,
  type RouteRule,
  type Upstream,
} from '../model/index.ts'
import { replaceMarked } from '../settings/index.ts'
import { bucketSettings, type SinkEntry, sinkEntry, sinkSettings } from '../sinks/index.ts'
import { parseUpstreamUrl } from './addresses.ts'
import { issuerOf } from './contradictions.ts'
import { type Folders, logFolder, type References } from './references.ts'
import type {
  AgentFile,
  AgentsListenerFile,
  AnchorFile,
  ConfigFile,
  IssuerFile,
  RouteFile,
  UpstreamFile,
} from './schema.ts'

export interface Context {
  /** Absolute path of the file. */
  readonly file: string
  readonly folders: Folders
  readonly references: References
  /** The issuer of development mode, already with its keys. */
  readonly developmentIssuer: Issuer | undefined
  /** Ports of the command line, where they were given. */
  readonly agentsPort: number | undefined
  readonly operatorsPort: number | undefined
}

/** Only for a file without any finding: what cannot be missing then is asserted. */
export function convert(file: ConfigFile, context: Context): Config {
  const { folders, references } = context
  const { agents: agentsListener, operators } = file.listeners
  const token = references.text(['listeners', 'operators', 'token'])
  const issuers = file.issuers.map((issuer) => convertIssuer(issuer, folders))
  if (file.mode === 'development') issuers.push(certain(context.developmentIssuer))
  return freeze({
    file: context.file,
    mode: file.mode,
    agentsListener: {
      host: agentsListener.host,
      port: context.agentsPort ?? agentsListener.port,
      ...(agentsListener.tls && {
        tls: {
          certificate: folders.absolute(agentsListener.tls.certificate),
          key: folders.absolute(agentsListener.tls.key),
        },
      }),
      ...(agentsListener.public_url !== undefined && { publicUrl: agentsListener.public_url }),
      connectionsMax: agentsListener.connections_max,
      callsMax: agentsListener.calls_max,
    },
    operatorsListener: {
      host: operators.host,
      port: context.operatorsPort ?? operators.port,
      ...(token !== undefined && { token }),
      hosts: operators.hosts.map((host) => host.toLowerCase()),
    },
    dataDirectory: folders.data,
    issuers,
    agents: file.agents.map((agent) => convertAgent(agent, file.mode, issuers)),
    agentsRequired: file.unknown_agents === 'refuse',
    upstreams: file.upstreams.map((upstream, index) => convertUpstream(upstream, index, references)),
    routes: file.routes.map((route) => convertRoute(route, folders, agentsListener)),
    policy: { paths: file.policy.paths.map(folders.absolute) },
    log: {
      directory: logFolder(file.log.directory, folders),
      segmentBytesMax: bytes(file.log.segment_max),
      segmentMsMax: ms(file.log.segment_age_max),
      freeDiskBytesMin: bytes(file.log.free_disk_min),
      packs: file.log.compression === 'zstd',
      ...(file.log.retention !== undefined && { retentionMs: ms(file.log.retention) }),
      ...(file.log.total_max !== undefined && { totalBytesMax: bytes(file.log.total_max) }),
    },
    audit: {
      ...(file.audit.origin !== undefined && { origin: file.audit.origin }),
      keyFile:
        file.audit.key === undefined
          ? join(folders.data, 'keys', 'decision-log.key')
          : folders.absolute(file.audit.key),
      anchors: file.audit.anchors.map((anchor, index) => convertAnchor(anchor, index, context)),
      ...(file.audit.witness && {
        witness: {
          name: file.audit.witness.name,
          keyFile:
            file.audit.witness.key === undefined
              ? join(folders.data, 'keys', 'witness.key')
              : folders.absolute(file.audit.witness.key),
          logs: file.audit.witness.logs,
        },
      }),
    },
    sinks: file.sinks.map((sink, index) => convertSink(sink, index, context)),
    labels: file.labels,
    timing: {
      callMsMax: ms(file.timing.call_max),
      headerMsMax: ms(file.timing.header_max),
      requestMsMax: ms(file.timing.request_max),
      keepAliveMs: ms(file.timing.keep_alive),
      drainMsMax: ms(file.timing.drain_max),
    },
    secrets: references.secrets,
    watched: [context.file, ...references.watched],
  })
}

function convertAnchor(anchor: AnchorFile, index: number, { folders, references }: Context): AnchorSettings {
  const { id, file, webhook, s3, witness, key } = anchor
  const credential = anchor.credential && {
    credential: {
      header: anchor.credential.header.toLowerCase(),
      value: certain(references.text(['audit', 'anchors', index, 'credential', 'value'])),
    },
  }
  const at = ['audit', 'anchors', index, 's3']
  const to: AnchorSettings['to'] =
    file !== undefined
      ? { kind: 'file', path: folders.absolute(file) }
      : webhook !== undefined
        ? { kind: 'webhook', url: webhook, ...credential }
        : s3 !== undefined
          ? { kind: 's3', bucket: replaceMarked(bucketSettings, s3, ({ path }) => certain(references.text(path)), at) }
          : { kind: 'witness', url: certain(witness), key: certain(key), ...credential }
  return { id, everyMs: ms(anchor.every), to }
}

function convertSink(entry: SinkEntry, index: number, { references }: Context): Config['sinks'][number] {
  const followed = replaceMarked(sinkEntry, entry, ({ path }) => certain(references.text(path)), ['sinks', index])
  return sinkSettings(followed as SinkEntry)
}

function convertIssuer(issuer: IssuerFile, folders: Folders): Issuer {
  const { url, file } = issuer.keys
  return {
    issuer: issuer.issuer,
    keys: url === undefined ? { file: folders.absolute(certain(file)) } : { url },
    audiences: issuer.audiences,
    algorithms: issuer.algorithms,
    types: issuer.types.map((type) => type.toLowerCase().replace(/^application\//, '')),
    skewS: ms(issuer.skew) / 1_000,
    ageSMax: ms(issuer.age_max) / 1_000,
    claims: issuer.claims,
  }
}

function convertAgent(agent: AgentFile, mode: Config['mode'], issuers: readonly Issuer[]): Config['agents'][number] {
  const names = issuers.map(({ issuer }) => issuer)
  const { identity, ...facts } = agent
  return {
    facts: withoutUndefined(facts),
    identity: {
      issuer: certain(issuerOf(agent, mode, names, names.at(-1))),
      claim: identity.claim,
      value: identity.value ?? agent.id,
    },
  }
}

function convertUpstream(upstream: UpstreamFile, index: number, references: References): Upstream {
  const url = parseUpstreamUrl(upstream.url)
  if ('problem' in url) throw new TypeError(url.problem)
  const path = ['upstreams', index]
  const value = references.text([...path, 'credential', 'value'])
  const authorities = references.text([...path, 'authorities'])
  return {
    id: upstream.id,
    labels: upstream.labels,
    origin: url.origin,
    basePath: url.basePath,
    ...(upstream.credential && {
      credential: { header: upstream.credential.header.toLowerCase(), value: certain(value) },
    }),
    connectMsMax: ms(upstream.connect_max),
    headersMsMax: ms(upstream.headers_max),
    idleMsMax: ms(upstream.idle_max),
    replyBytesMax: bytes(upstream.reply_max),
    connectionsMax: upstream.connections_max,
    retriesMax: upstream.retries_max,
    ...(authorities !== undefined && { authorities }),
  }
}

function convertRoute(route: RouteFile, folders: Folders, listener: AgentsListenerFile): RouteRule {
  const bodyBytesMax = bytes(route.body_max)
  const parsedBodyBytesMax =
    route.parsed_body_max === undefined
      ? Math.min(limits.parsedBodyBytesMax, bodyBytesMax)
      : bytes(route.parsed_body_max)
  return {
    route: {
      id: route.id,
      labels: route.labels,
      entrypoint: route.entrypoint,
      identity: route.identity,
      ...(route.scopes.length > 0 && { scopes: route.scopes }),
      recording: recordingOf(route.recording),
      bodyBytesMax,
      parsedBodyBytesMax,
      policyHeaders: route.policy_headers.map((name) => name.toLowerCase()),
      undescribed: route.undescribed,
      prefix: route.prefix === 'remove' && route.path !== '/' ? route.path : '',
      cookies: route.cookies,
    },
    host: route.host,
    path: route.path,
    methods: route.methods,
    ...(route.upstream !== undefined && { upstream: route.upstream }),
    ...(route.protocol === 'mcp' && { mcp: mcpOf(route, listener) }),
    ...(route.description !== undefined && { description: folders.absolute(route.description) }),
    renames: route.renames,
  }
}

function mcpOf(route: RouteFile, listener: AgentsListenerFile): NonNullable<RouteRule['mcp']> {
  return {
    servers: route.servers.map((server) => {
      const { upstream, path, prefix, on_failure: onFailure, invisible_characters: invisible } = server
      const selects = selectsOf(server)
      return { upstream, path, prefix, onFailure, invisible, ...(selects !== undefined && { selects }) }
    }),
    origins: route.origins,
    // Who must show a token cannot be called by a page that has none.
    loopbackHostsOnly:
      route.identity === 'none' && route.host === '*' && listener.public_url === undefined && isLoopback(listener.host),
  }
}

function selectsOf({ tools, prompts, resources }: RouteFile['servers'][number]): McpSelects | undefined {
  if (tools === undefined && prompts === undefined && resources === undefined) return undefined
  return { ...(tools && { tools }), ...(prompts && { prompts }), ...(resources && { resources }) }
}

function recordingOf({ mode, level }: RouteFile['recording']): Recording {
  return level === 'input_and_reply' ? { mode, level: 'input', reply: true } : { mode, level }
}

function ms(text: string): number {
  return certain(parseDuration(text))
}

function bytes(text: string): number {
  return certain(parseSize(text))
}

/** INVARIANT: `convert` runs only when nothing was found wrong. */
function certain<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a configuration with an error was converted')
  return value
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Absent stays absent: policy must not see a name without a value. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const one of Object.values(value)) freeze(one)
  }
  return value
}
