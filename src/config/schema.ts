/**
 * The one schema of `gatehouse.yaml`: from it come the type of the file, the published JSON Schema, the reference page and
 * the checks of each single setting. What settings mean together is checked in `contradictions.ts`.
 */
import { z } from 'zod'
import { formatSize, limits, signatureAlgorithms } from '../model/index.ts'
import { type KeyKind, parseVerifier } from '../proof/index.ts'
import {
  count,
  credential,
  duration,
  durationForm,
  form,
  headerName,
  id,
  path,
  secret,
  size,
  sizeForm,
  type Words,
  word,
} from '../settings/index.ts'
import { bucketSettings, sinkEntry } from '../sinks/index.ts'

/** Services of the procurement world that development mode runs, by the name in `development:NAME`. */
export const developmentServices = ['crm', 'desk', 'erp'] as const

/** What is repeated in one file at most: a list beyond it was made by mistake. */
const entriesMax = 10_000
/** Labels of one thing; they are copied into every record. */
const labelsMax = 64
const labelCharsMax = 1_024

function list<T extends z.ZodType>(item: T, description: string): z.ZodArray<T> {
  return z.array(item).max(entriesMax).meta({ description })
}

const labelName = form(
  /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,62}$/,
  'a name of letters, digits, `_`, `.`, `/` or `-`, at most 63',
)

const labels = (description: string): z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodString>> =>
  z
    .record(labelName, z.string().max(labelCharsMax))
    .refine((all) => Object.keys(all).length <= labelsMax, { error: `must have at most ${labelsMax} labels` })
    .default({})
    .meta({ description })

const labelValue = z.union([
  z.string().max(labelCharsMax),
  z.number().refine((value) => Number.isSafeInteger(value) || !Number.isInteger(value)),
  z.boolean(),
])

/** As in C2SP signed-note. */
const keyName = (description: string, examples: readonly string[]): z.ZodString =>
  form(/^[^\s+\p{Cc}\p{Z}]{1,256}$/u, 'a name of at most 256 characters without white space and `+`').meta({
    description,
    examples: [...examples],
  })

const port = (standard: number, description: string) =>
  count({ min: 0, max: 65_535, standard }, `${description} 0 takes any free port.`)

const host = (description: string) =>
  form(/^[A-Za-z0-9.:_-]{1,253}$/, 'a host name or an address')
    .default('127.0.0.1')
    .meta({ description })

const agentsListener = z.strictObject({
  host: host('Address to listen on for agents. Development mode listens on loopback only.'),
  port: port(8080, 'Port for agents.'),
  tls: z
    .strictObject({
      certificate: path({
        description: 'PEM file with the certificate and its chain.',
        examples: ['tls/certificate.pem'],
      }),
      key: path({ description: 'PEM file with the private key.', examples: ['tls/key.pem'] }),
    })
    .optional()
    .meta({
      description:
        'TLS towards agents; both files are read again when they change. Without it agents speak plain HTTP.',
    }),
  public_url: form(/^https?:\/\/[^/?#@\s]+$/, 'a URL of scheme, host and port only')
    .optional()
    .meta({
      description:
        'How agents reach this listener; `Location` headers are mapped to it. Without it the `Host` of the call is used.',
      examples: ['https://agents.example.com'],
    }),
  connections_max: count({ min: 1, max: 1_000_000, standard: limits.connectionsMax }, 'Open connections of agents.'),
  calls_max: count(
    { min: 1, max: 1_000_000, standard: limits.callsMax },
    'Calls under way at once; the next ones are refused.',
  ),
})

const operatorsListener = z.strictObject({
  host: host('Address to listen on for operators. Anywhere but on loopback a `token` is needed.'),
  port: port(8081, 'Port for operators.'),
  token: secret({
    description: 'Bearer token that operators must send. Optional on loopback, at least 16 characters.',
    examples: ['file:secrets/operators-token'],
  }).optional(),
  hosts: list(
    form(/^[A-Za-z0-9.:_[\]-]{1,260}$/, 'a host, with its port if it has one'),
    'Values of `Host` that are accepted besides loopback names: what stands in the address bar.',
  ).default([]),
})

const issuer = z.strictObject({
  issuer: z
    .string()
    .min(1)
    .max(2_048)
    .meta({
      description: 'Exact value of `iss`.',
      examples: ['https://login.example.com/'],
    }),
  keys: z
    .strictObject({
      url: z
        .string()
        .max(2_048)
        .optional()
        .meta({
          description: 'URL of the JWK set: `https:`, or `http:` on loopback.',
          examples: ['https://login.example.com/jwks.json'],
        }),
      file: path({ description: 'File that holds the JWK set.', examples: ['keys/jwks.json'] }).optional(),
    })
    .refine((keys) => (keys.url === undefined) !== (keys.file === undefined), {
      error: 'needs either `url` or `file`',
      params: { fix: 'write one of them, for example `url: https://login.example.com/jwks.json`' },
    })
    .meta({
      description: 'Where the public keys of the issuer are: `url` or `file`.',
      examples: [{ url: 'https://login.example.com/jwks.json' }],
    }),
  audiences: z
    .array(word(''))
    .min(1)
    .max(64)
    .meta({
      description: 'A token must name at least one of these in `aud`.',
      examples: [['gatehouse']],
    }),
  algorithms: z
    .array(z.enum(signatureAlgorithms))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
    .meta({
      description: `Accepted signature algorithms, of ${signatureAlgorithms.join(', ')}.`,
    }),
  types: z.array(word('')).min(1).max(16).default(['at+jwt']).meta({
    description: 'Accepted `typ` of a token (RFC 9068: `at+jwt`); `none` accepts a token without one.',
  }),
  skew: duration({ min: 0, max: 60_000, standard: 30_000 }, 'Difference between clocks that is forgiven.'),
  age_max: duration(
    { min: 1_000, max: 365 * 86_400_000, standard: 86_400_000 },
    'A token issued longer ago is refused, whatever its `exp` says.',
  ),
  claims: list(word(''), 'Claims that policy sees under `identity.claims`.').default([]),
})

const agent = z.strictObject({
  id: id({ description: 'Name of the agent, in policy `agent.id`.', examples: ['buyer'] }),
  owner: word('Person or group that answers for the agent.').optional(),
  team: word('Team that the agent works for.').optional(),
  status: z
    .enum(['active', 'suspended'])
    .default('active')
    .meta({ description: '`suspended` refuses every call of the agent.' }),
  version: word('Version of the agent.').optional(),
  risk: word('How much harm the agent could do, in your words.').optional(),
  labels: z
    .record(labelName, z.union([labelValue, z.array(labelValue).max(labelsMax)]))
    .refine((all) => Object.keys(all).length <= labelsMax, { error: `must have at most ${labelsMax} labels` })
    .optional()
    .meta({ description: 'Facts for policy, in policy `agent.labels`: text, numbers, true, false, or lists of them.' }),
  identity: z
    .strictObject({
      issuer: word(
        'Issuer of its tokens. Not needed where there is one issuer only, and in development mode.',
      ).optional(),
      claim: word('Claim that names the agent.')
        .default('client_id')
        .meta({ description: 'Claim that names the agent.' }),
      value: word('Value of that claim. Without it, the `id`.').optional(),
    })
    .prefault({})
    .meta({ description: 'Which tokens are this agent.' }),
})

const upstream = z.strictObject({
  id: id({ description: 'Name of the service, in policy `upstream.id`.', examples: ['erp'] }),
  url: z
    .string()
    .min(1)
    .max(2_048)
    .meta({
      description: `Where the service is: \`http://\` or \`https://\`, host, port and base path; in development mode also \`development:NAME\` with NAME ${developmentServices.join(', ')}.`,
      examples: ['https://erp.internal.example.com'],
    }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
  credential: credential('Value of the header.', 'Bearer ${file:secrets/erp}').optional().meta({
    description: 'What proves Gatehouse to the service. The token of the agent is never passed on.',
  }),
  labels: labels('Facts for policy, in policy `upstream.labels`.'),
  connect_max: duration({ min: 10, max: 60_000, standard: 3_000 }, 'To open a connection.'),
  headers_max: duration(
    { min: 10, max: 3_600_000, standard: 30_000 },
    'From the last byte of the call to the header of the reply.',
  ),
  idle_max: duration({ min: 10, max: 3_600_000, standard: 30_000 }, 'Between two pieces of the reply.'),
  reply_max: size({ min: 0, max: 1024 ** 4, standard: limits.bodyBytesMax }, 'Largest reply that is passed on.'),
  connections_max: count({ min: 1, max: 65_535, standard: 128 }, 'Open connections to the service.'),
  retries_max: count(
    { min: 0, max: 5, standard: 1 },
    'Further tries after a connection failed before anything was sent, or of a method that changes nothing.',
  ),
  authorities: path({
    description: 'PEM file of the certificate authorities to trust for this service instead of those of Node.',
    examples: ['tls/authorities.pem'],
  }).optional(),
})

/** Names of one kind that an endpoint selects of a server: some hundreds are more than a model can be given. */
const selectionMax = 1_000

const selection = (what: string, example: string) =>
  z
    .array(form(/^[^\s*]{0,1023}([^\s*]|\*)$/, 'a name, or the beginning of names with `*` at its end'))
    .max(selectionMax)
    .optional()
    .meta({
      description: `${what} Absent: all of them; empty: none. A name that ends with \`*\` stands for all that begin like it. What is not named here is as if it were not there.`,
      examples: [[example]],
    })

const mcpServer = z.strictObject({
  upstream: id({ description: 'The `id` of the upstream that is the tool server.', examples: ['erp'] }),
  path: z
    .string()
    .max(1_024)
    .refine((text) => text === '' || /^(\/[A-Za-z0-9._~-]+)+$/.test(text), {
      error: 'must be a path such as `/mcp`, or empty',
    })
    .default('')
    .meta({ description: 'Its MCP endpoint, put behind the path of the upstream `url`.' }),
  prefix: form(/^[A-Za-z0-9_.-]{0,64}$/, 'letters, digits, `_`, `.` or `-`, at most 64')
    .default('')
    .meta({
      description: 'Put before the names of its tools and prompts, for agents; policy sees the names without it.',
    }),
  invisible_characters: z.enum(['refuse', 'show', 'pass']).default('refuse').meta({
    description:
      'What is done with a tool, prompt or resource in whose definition characters stand that a model reads and a person does not see (tags, zero-width and bidirectional characters, controls): it is left out and recorded (`refuse`), they are written out such as `[U+200B]` in titles and descriptions (`show`), or nothing (`pass`).',
  }),
  on_failure: z.enum(['open', 'closed']).default('open').meta({
    description:
      'What a list does while the server cannot be reached: goes on without it (`open`), or fails (`closed`).',
  }),
  tools: selection(
    'Tools of the server that the endpoint offers, by the names that the server gives them.',
    'create_*',
  ),
  prompts: selection(
    'Prompts of the server that the endpoint offers, by the names that the server gives them.',
    'draft',
  ),
  resources: selection(
    'Resources of the server that the endpoint offers, by their URIs, and templates as the server writes them. A URI with `.` or `..` as a segment is none of them.',
    'file:///handbook/*',
  ),
})

const route = z.strictObject({
  id: id({ description: 'Name of the route, in policy `route.id`.', examples: ['orders'] }),
  host: form(/^(\*|[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\])$/, 'a host name in lower case without a port, or `*`')
    .default('*')
    .meta({ description: 'Host that the agent asks for, without port; `*` is any. A named host wins over `*`.' }),
  path: z.string().max(limits.targetCharsMax).default('/').meta({
    description:
      'Beginning of the path, whole segments: `/erp` takes `/erp` and `/erp/orders`, not `/erp2`. The longest wins.',
  }),
  methods: z
    .array(form(/^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/, 'a method in upper case'))
    .max(32)
    .default([])
    .meta({
      description: 'Methods of this route; none listed means all.',
    }),
  protocol: z.enum(['http', 'mcp']).default('http').meta({
    description:
      '`mcp`: the route is an MCP endpoint (streamable HTTP, revisions 2025-03-26 to 2026-07-28) and has `servers`; `http`: everything else, and has an `upstream`.',
  }),
  upstream: id({ description: 'The `id` of the upstream that the call goes to.', examples: ['erp'] }).optional(),
  servers: z.array(mcpServer).max(64).default([]).meta({
    description:
      'Of `protocol: mcp`: the tool servers behind the endpoint. Agents see them as one; where two have the same name, the first one here has it.',
  }),
  origins: z
    .array(form(/^https?:\/\/[^/?#@\s]+$/, 'an origin: scheme, host and port'))
    .max(64)
    .default([])
    .meta({
      description:
        'Of `protocol: mcp`: origins of web pages that may call. Others are refused, but for pages of this machine on a loopback name.',
    }),
  prefix: z
    .enum(['remove', 'keep'])
    .default('remove')
    .meta({ description: 'Whether `path` is taken off before the call goes on.' }),
  description: path({
    description:
      'OpenAPI 3.0 or 3.1 description of the service, JSON or YAML. Each call is then one of its operations.',
    examples: ['descriptions/erp.openapi.yaml'],
  }).optional(),
  renames: z
    .record(
      z.string().min(1).max(256),
      z.record(
        form(/^(path|query|body)\..+$/, '`path.NAME`, `query.NAME` or `body.NAME`'),
        form(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'a name of letters, digits, `_` or `-`'),
      ),
    )
    .default({})
    .meta({
      description:
        'New names for fields of the description that collide: operationId, then `path.NAME`, `query.NAME` or `body.NAME`, then the new name.',
    }),
  undescribed: z.enum(['refuse', 'allow']).default('refuse').meta({
    description:
      'What happens to a call that the description does not have; `allow` lets policy decide on path and body alone.',
  }),
  entrypoint: form(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'a package path such as `gatehouse` or `teams.finance`')
    .max(256)
    .default('gatehouse')
    .meta({ description: 'Package of the policy that decides.' }),
  identity: z.enum(['required', 'none']).default('required').meta({
    description:
      '`none` takes calls without a token; policy still decides. Anywhere but on loopback it needs `identity_none_is_meant`.',
  }),
  scopes: z
    .array(form(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'a scope (RFC 6749 section 3.3)'))
    .max(64)
    .default([])
    .meta({
      description:
        'Scopes that a token must have for any call of this route. Who lacks one is told all of them (RFC 6750), so that a client can ask for more.',
    }),
  identity_none_is_meant: z
    .literal(true)
    .optional()
    .meta({ description: 'The second word for `identity: none` off loopback.' }),
  recording: z
    .strictObject({
      mode: z.enum(['strict', 'durable', 'async']).default('strict').meta({
        description:
          '`strict`: the decision is on disk before the call is forwarded, the outcome before the reply ends. `durable`: both before the reply ends. `async`: nothing waits.',
      }),
      level: z.enum(['none', 'metadata', 'input', 'input_and_reply']).default('input').meta({
        description:
          'How much of what policy saw a record holds: all (`input`), all but arguments and body (`metadata`), nothing (`none`). `input_and_reply` adds the body of the reply, as far as the agent may have it and up to 256 KiB, to the outcome.',
      }),
    })
    .prefault({})
    .meta({ description: 'How calls of this route are recorded.' }),
  body_max: size(
    { min: 0, max: limits.bodyBytesMaxEdge, standard: limits.bodyBytesMax },
    'Largest body that is taken at all.',
  ),
  parsed_body_max: sizeForm(
    { min: 0, max: limits.parsedBodyBytesMaxEdge },
    `Largest body that is held in memory because policy, the description or the record reads it. Without it \`${formatSize(limits.parsedBodyBytesMax)}\`, or \`body_max\` where that is less.`,
  ).optional(),
  policy_headers: z
    .array(headerName)
    .max(64)
    .default([])
    .meta({ description: 'Headers that policy may see, in policy `call.http.headers`.' }),
  cookies: z.boolean().default(false).meta({ description: 'Whether cookies pass, both ways.' }),
  labels: labels('Facts for policy and the record, in policy `route.labels`.'),
})

const policy = z.strictObject({
  paths: z
    .array(path({ description: 'A file, folder or bundle.' }))
    .min(1)
    .max(256)
    .default(['policies'])
    .meta({
      description:
        'Files, folders and bundles (`.tar.gz`) with the policy: `*.rego`, `data.json`, `data.yaml`, and `policy.wasm` with the `.manifest` that `opa build -t wasm` puts beside it; `*_test.rego` is left out. Relative to the folder of this file.',
    }),
})

const log = z.strictObject({
  directory: path({
    description: 'Folder of the segments. Without it, `log` in the data directory.',
    examples: ['data/log'],
  }).optional(),
  segment_max: size(
    { min: 1024 ** 2, max: 16 * 1024 ** 3, standard: limits.segmentBytesMax },
    'Size at which the next segment is begun.',
  ),
  segment_age_max: duration(
    { min: 60_000, max: 366 * 86_400_000, standard: limits.segmentMsMax },
    'Age at which the next segment is begun, with the next record.',
  ),
  free_disk_min: size(
    { min: limits.logQueueBytesMax, max: 1024 ** 4, standard: limits.freeDiskBytesMin },
    'Free space of the disk below which nothing new is accepted.',
  ),
  retention: durationForm(
    { min: 3_600_000, max: 3_650 * 86_400_000 },
    'How long records are kept: a segment is removed when its newest record is older. Without it, for ever.',
  ).optional(),
  total_max: sizeForm(
    { min: 2 * 1024 ** 2, max: 1024 ** 5 },
    'Size of all segments on the disk: the oldest ones beyond it are removed. Without it, none is for its size.',
  ).optional(),
  compression: z.enum(['zstd', 'none']).default('zstd').meta({
    description:
      'What becomes of a segment once the next one is begun: `NNNNNNNNNN.jsonl.zst`, which every command reads and `zstd -d` unpacks, or what it was.',
  }),
})

/** A public key as one line of text (C2SP signed-note). */
const verifierKey = (kind: KeyKind, words: Words) =>
  z
    .string()
    .max(512)
    .refine((text) => parseVerifier(text)?.kind === kind, {
      error: `must be the public key of a ${kind} as one line, \`NAME+ID+BASE64\``,
      params: {
        fix: kind === 'log' ? '`gatehouse audit key` prints that of a log' : 'ask for it where the witness runs',
      },
    })
    .meta({ ...words })

const anchor = z
  .strictObject({
    id: id({ description: 'Name of the anchor in messages.', examples: ['offsite'] }),
    file: path({
      description: 'A file on another disk or machine that gets the newest checkpoint.',
      examples: ['/mnt/offsite/gatehouse.checkpoint'],
    }).optional(),
    webhook: z
      .string()
      .max(2_048)
      .optional()
      .meta({
        description: 'A URL to which the newest checkpoint is posted, as text: `https:`, or `http:` on loopback.',
        examples: ['https://siem.example.com/checkpoints'],
      }),
    s3: bucketSettings.optional().meta({
      description: 'A bucket that gets each checkpoint as an object of its own, none of which is ever replaced.',
    }),
    witness: z
      .string()
      .max(2_048)
      .optional()
      .meta({
        description:
          'Submission prefix of a witness that signs checkpoints (C2SP tlog-witness); of another Gatehouse it is `/audit/witness` on its port for operators.',
        examples: ['https://witness.example.com/audit/witness'],
      }),
    key: verifierKey('witness', {
      description: 'Public key of the witness.',
      examples: ['witness.example.com+f9701150+BG56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx'],
    }).optional(),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the reference as it is written in the file
    credential: credential('Value of the header.', 'Bearer ${file:secrets/witness}')
      .optional()
      .meta({ description: 'What proves this gateway to a webhook or a witness.' }),
    every: duration(
      { min: 1_000, max: 86_400_000, standard: 60_000 },
      'Between two checkpoints that the anchor gets, while records arrive.',
    ),
  })
  .refine(
    ({ file, webhook, s3, witness }) => [file, webhook, s3, witness].filter((one) => one !== undefined).length === 1,
    {
      error: 'needs either `file`, `webhook`, `s3` or `witness`',
      params: { fix: 'write one of them, for example `file: /mnt/offsite/gatehouse.checkpoint`' },
    },
  )
  .refine(({ witness, key }) => (witness === undefined) === (key === undefined), {
    error: 'a witness needs its `key`, and nothing else has one',
    params: { fix: 'write the public key of the witness beside `witness`' },
  })
  .refine(({ file, s3, credential }) => (file === undefined && s3 === undefined) || credential === undefined, {
    error: 'a file needs no `credential`, and a bucket has its own',
    params: { fix: 'remove it' },
  })

const witness = z.strictObject({
  name: keyName('Name of this witness in its signatures.', ['gatehouse.example.com/witness']),
  key: path({
    description:
      'File of the key with which it signs; made on first start, readable by its owner alone. Without it, `keys/witness.key` in the data directory.',
    examples: ['data/keys/witness.key'],
  }).optional(),
  logs: z
    .array(
      verifierKey('log', {
        description: 'Public key of a log.',
        examples: ['gatehouse.example.com/audit+f86ba937+AYqHX/8es4RRV3rNWv7kBUVlaN18ieCQhjoFV7x69J8X'],
      }),
    )
    .min(1)
    .max(1_024)
    .meta({ description: 'Public keys of the logs that it watches, as `gatehouse audit key` prints them there.' }),
})

const audit = z.strictObject({
  origin: keyName(
    'Name of the log in its checkpoints (C2SP tlog-checkpoint), best one that nobody else has. Without it, one is made with the key.',
    ['gatehouse.example.com/audit'],
  ).optional(),
  key: path({
    description:
      'File of the key that signs the checkpoints; made on first start, readable by its owner alone. Without it, `keys/decision-log.key` in the data directory.',
    examples: ['data/keys/decision-log.key'],
  }).optional(),
  anchors: z.array(anchor).max(16).default([]).meta({
    description: 'Where checkpoints are kept besides, so that a log that was rolled back or signed anew is found out.',
  }),
  witness: witness.optional().meta({
    description:
      'Makes this gateway a witness: it signs the checkpoints of other logs if they only grew. On its port for operators.',
  }),
})

const timing = z.strictObject({
  header_max: duration({ min: 100, max: 300_000, standard: limits.headerMsMax }, 'For the header of a call to arrive.'),
  request_max: duration(
    { min: 100, max: 86_400_000, standard: limits.requestMsMax },
    'For a call to arrive with its whole body.',
  ),
  call_max: duration({ min: 100, max: 86_400_000, standard: limits.callMsMax }, 'For a whole call with its reply.'),
  keep_alive: duration(
    { min: 1_000, max: 3_600_000, standard: limits.keepAliveMs },
    'For which a connection of an agent may be idle.',
  ),
  drain_max: duration(
    { min: 0, max: 3_600_000, standard: limits.drainMsMax },
    'That calls under way get when the gateway is told to stop.',
  ),
})

/** The parts of the file, each checkable by itself, so that an error in one does not hide the errors of another. */
export const parts = {
  $schema: z.string().max(2_048).optional().meta({ description: 'For editors; not read.' }),
  mode: z.enum(['production', 'development']).default('production').meta({
    description:
      '`development` brings an issuer of its own, listens on loopback only and may run the services of the example.',
  }),
  listeners: z
    .strictObject({
      agents: agentsListener.prefault({}).meta({ description: 'The port for agents.' }),
      operators: operatorsListener.prefault({}).meta({ description: 'The port for operators: health, metrics, keys.' }),
    })
    .prefault({})
    .meta({ description: 'Where Gatehouse listens.' }),
  data: path({ description: 'Folder for the log, keys and everything else that is kept. One process owns it.' })
    .default('data')
    .meta({
      description:
        'Folder for the log, keys and everything else that is kept; one process owns it. Relative to the folder of this file.',
    }),
  issuers: list(issuer, 'Whose tokens are trusted.').default([]),
  agents: list(agent, 'The agents that are known here, with what policy should know of them.').default([]),
  unknown_agents: z.enum(['allow', 'refuse']).default('allow').meta({
    description:
      'What happens to a good token that names none of `agents`: `refuse` refuses every call with it, `allow` lets policy decide, which then sees no `agent`.',
  }),
  upstreams: list(upstream, 'The services behind the gateway.').default([]),
  routes: list(route, 'Which call goes to which service, and how.').default([]),
  policy: policy.prefault({}).meta({ description: 'The rules that decide.' }),
  log: log.prefault({}).meta({ description: 'The decision log.' }),
  audit: audit.prefault({}).meta({ description: 'What proves that the decision log is whole.' }),
  sinks: z.array(sinkEntry).max(64).default([]).meta({
    description: 'Where the decision log streams to: every record, in order, at least once.',
  }),
  labels: labels('Copied into every record: where this gateway runs, for example.'),
  timing: timing.prefault({}).meta({ description: 'How long things may take.' }),
}

/** The whole file. */
export const fileSchema = z.strictObject(parts)

export type ConfigFile = z.output<typeof fileSchema>
export type AgentsListenerFile = z.output<typeof agentsListener>
export type OperatorsListenerFile = z.output<typeof operatorsListener>
export type IssuerFile = z.output<typeof issuer>
export type AgentFile = z.output<typeof agent>
export type UpstreamFile = z.output<typeof upstream>
export type RouteFile = z.output<typeof route>
export type AnchorFile = z.output<typeof anchor>

/** Schemas of one entry of each list: an entry that is right takes part in the checks even when its neighbour is wrong. */
export const entrySchemas = {
  issuers: issuer,
  agents: agent,
  upstreams: upstream,
  routes: route,
  sinks: sinkEntry,
} as const
