// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written so in the file
/**
 * What a configuration file may say and what is told about one that is wrong. Each case is a file of its own in a world of
 * its own: a disk that is a map, an environment that is an object.
 */
import { describe, expect, it } from 'vitest'
import {
  ConfigErrors,
  type Files,
  loadConfig,
  maskedConfig,
  type Overrides,
  peekConfig,
} from '../../../src/config/index.ts'
import type { Config, Issuer } from '../../../src/model/index.ts'

const developmentIssuer: Issuer = {
  issuer: 'https://development.test',
  keys: { file: '/etc/gatehouse/data/keys/development.jwks.json' },
  audiences: ['gatehouse'],
  algorithms: ['ES256'],
  types: ['at+jwt'],
  skewS: 0,
  ageSMax: 86_400,
  claims: [],
}

const environment = { ERP_TOKEN: 'environment-secret-1', EMPTY: '', SHORT: 'abc', TORN: 'line\nbreak-in-it' }

const disk: { readonly [path: string]: string | Uint8Array } = {
  '/etc/gatehouse/policies/': '',
  '/etc/gatehouse/secrets/erp': 'file-secret-erp\n',
  '/etc/gatehouse/secrets/windows': 'file-secret-windows\r\n',
  '/etc/gatehouse/secrets/empty': '\n',
  '/etc/gatehouse/secrets/binary': new Uint8Array([0xff, 0xfe, 0, 0x80, 1, 2, 3, 4, 5]),
  '/etc/gatehouse/secrets/operators': 'operators-secret-16\n',
  '/etc/gatehouse/data/keys/own': 'secret-in-data-folder\n',
  '/elsewhere/keys/own': 'secret-in-moved-folder\n',
  '/etc/gatehouse/erp.openapi.yaml': 'openapi: 3.1.0\n',
  '/etc/gatehouse/tls/certificate.pem': '-----BEGIN CERTIFICATE-----\n',
  '/etc/gatehouse/tls/key.pem': '',
  '/etc/gatehouse/tls/none.pem': 'no certificates here\n',
}

function filesOf(text: string | Uint8Array): Files {
  const all: { readonly [path: string]: string | Uint8Array } = { ...disk, '/etc/gatehouse/gatehouse.yaml': text }
  return {
    read(path, bytesMax) {
      const found = all[path]
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      const bytes = typeof found === 'string' ? new TextEncoder().encode(found) : found
      return bytes.subarray(0, bytesMax + 1)
    },
    kind: (path) =>
      all[path] !== undefined
        ? 'file'
        : all[`${path}/`] !== undefined
          ? 'folder'
          : path === '/etc/gatehouse/hidden'
            ? 'hidden'
            : undefined,
  }
}

function load(text: string | Uint8Array, overrides: Overrides = {}): Config {
  const ports = { environment, files: filesOf(text), developmentIssuer }
  return loadConfig('/etc/gatehouse/gatehouse.yaml', ports, overrides)
}

/** The errors as lines without the file: `3:7 routes[0].path: message; fix`. */
function errorsOf(text: string | Uint8Array): string[] {
  try {
    load(text)
    return []
  } catch (cause) {
    if (!(cause instanceof ConfigErrors)) throw cause
    return cause.errors.map(({ line, column, path, message, fix }) => `${line}:${column} ${path}: ${message}; ${fix}`)
  }
}

const production = `issuers:
  - issuer: https://login.example.com/
    keys: { url: https://login.example.com/jwks.json }
    audiences: [gatehouse]
`
const erp = `upstreams:
  - id: erp
    url: https://erp.example.com/base/
`

describe('a file that is right', () => {
  it('fills in every default, so that the shortest file is a whole configuration', () => {
    const config = load('mode: development\n')
    expect(config).toEqual({
      file: '/etc/gatehouse/gatehouse.yaml',
      mode: 'development',
      agentsListener: { host: '127.0.0.1', port: 8080, connectionsMax: 10_000, callsMax: 4_096 },
      operatorsListener: { host: '127.0.0.1', port: 8081, hosts: [] },
      dataDirectory: '/etc/gatehouse/data',
      issuers: [developmentIssuer],
      agents: [],
      agentsRequired: false,
      upstreams: [],
      routes: [],
      policy: { paths: ['/etc/gatehouse/policies'] },
      audit: { keyFile: '/etc/gatehouse/data/keys/decision-log.key', anchors: [] },
      log: {
        directory: '/etc/gatehouse/data/log',
        segmentBytesMax: 2 ** 28,
        segmentMsMax: 86_400_000,
        freeDiskBytesMin: 2 ** 28,
        packs: true,
      },
      sinks: [],
      labels: {},
      timing: {
        callMsMax: 120_000,
        headerMsMax: 10_000,
        requestMsMax: 60_000,
        keepAliveMs: 65_000,
        drainMsMax: 30_000,
      },
      secrets: [],
      watched: ['/etc/gatehouse/gatehouse.yaml', '/etc/gatehouse/policies'],
    })
  })

  it('turns units, paths and names of the file into those of the model', () => {
    const config = load(`${production}
listeners:
  agents:
    host: 0.0.0.0
    port: 443
    tls: { certificate: tls/certificate.pem, key: tls/key.pem }
    public_url: https://agents.example.com
  operators: { host: "::", token: file:secrets/operators, hosts: [Ops.Example.com] }
agents:
  - { id: buyer, team: procurement, labels: { region: emea, limit: 10000, days: [1, 2] }, identity: { value: buyer-1 } }
upstreams:
  - id: erp
    url: https://erp.example.com/base/
    credential: { header: X-Api-Key, value: file:secrets/erp }
    headers_max: 2m
    reply_max: 1GiB
    authorities: tls/certificate.pem
routes:
  - id: orders
    host: api.example.com
    path: /erp
    methods: [GET, POST]
    upstream: erp
    description: erp.openapi.yaml
    renames: { create: { body.id: order_id } }
    policy_headers: [X-Tenant]
    recording: { mode: durable, level: metadata }
    body_max: 1MiB
  - { id: rest, upstream: erp, prefix: keep, path: /rest, identity: none, identity_none_is_meant: true }
`)
    expect(config.agentsListener).toMatchObject({
      host: '0.0.0.0',
      tls: { certificate: '/etc/gatehouse/tls/certificate.pem', key: '/etc/gatehouse/tls/key.pem' },
      publicUrl: 'https://agents.example.com',
    })
    expect(config.operatorsListener).toEqual({
      host: '::',
      port: 8081,
      token: 'operators-secret-16',
      hosts: ['ops.example.com'],
    })
    expect(config.agents).toEqual([
      {
        facts: {
          id: 'buyer',
          team: 'procurement',
          status: 'active',
          labels: { region: 'emea', limit: 10000, days: [1, 2] },
        },
        identity: { issuer: 'https://login.example.com/', claim: 'client_id', value: 'buyer-1' },
      },
    ])
    expect(config.upstreams[0]).toMatchObject({
      origin: 'https://erp.example.com:443',
      basePath: '/base',
      credential: { header: 'x-api-key', value: 'file-secret-erp' },
      headersMsMax: 120_000,
      replyBytesMax: 2 ** 30,
      authorities: '-----BEGIN CERTIFICATE-----\n',
    })
    expect(config.routes[0]).toMatchObject({
      route: {
        id: 'orders',
        prefix: '/erp',
        policyHeaders: ['x-tenant'],
        bodyBytesMax: 2 ** 20,
        parsedBodyBytesMax: 2 ** 20,
      },
      host: 'api.example.com',
      description: '/etc/gatehouse/erp.openapi.yaml',
      renames: { create: { 'body.id': 'order_id' } },
    })
    expect(config.routes[1]).toMatchObject({ route: { prefix: '', identity: 'none', parsedBodyBytesMax: 2 ** 22 } })
    expect(config.watched).toEqual(
      expect.arrayContaining([
        '/etc/gatehouse/secrets/erp',
        '/etc/gatehouse/erp.openapi.yaml',
        '/etc/gatehouse/tls/key.pem',
      ]),
    )
  })

  it('gives what cannot be changed', () => {
    const config = load(`mode: development\nlabels: { a: b }\n${erp}`)
    expect(() => Object.assign(config.labels, { a: 'c' })).toThrow(TypeError)
    expect(() => Object.assign(config.upstreams[0] ?? {}, { origin: 'http://evil' })).toThrow(TypeError)
  })

  it.each([
    { note: 'a file alone', value: 'file:secrets/erp', wanted: 'file-secret-erp' },
    { note: 'a file within text', value: 'Bearer ${file:secrets/windows}', wanted: 'Bearer file-secret-windows' },
    { note: 'a variable within text', value: 'Bearer ${ERP_TOKEN}', wanted: 'Bearer environment-secret-1' },
    { note: 'two at once', value: '${ERP_TOKEN}:${file:secrets/erp}', wanted: 'environment-secret-1:file-secret-erp' },
  ])('follows a reference to a secret: $note', ({ value, wanted }) => {
    const config = load(`mode: development\n${erp}    credential: { value: "${value}" }\n`)
    expect(config.upstreams[0]?.credential?.value).toBe(wanted)
    expect(config.secrets.length).toBeGreaterThan(0)
    for (const secret of config.secrets) expect(JSON.stringify(maskedConfig(config))).not.toContain(secret)
  })

  it('makes of a sink what its kind takes, with every default filled in', () => {
    const text = `mode: development\nsinks:\n  - id: collector\n    file: { path: data/out.jsonl, size_max: 2MiB }\n    batch: { wait_max: 1s }\n    only: { agent: buyer }\n`
    expect(load(text, { dataDirectory: '/elsewhere' }).sinks).toEqual([
      {
        id: 'collector',
        kind: 'file',
        options: { path: '/elsewhere/out.jsonl', size_max: 2 * 1024 ** 2, keep: 8 },
        format: 'native',
        only: { agent: 'buyer' },
        mask: [],
        begin: 'start',
        batch: { recordsMax: 1_000, bytesMax: 4 * 1024 ** 2, waitMs: 1_000 },
        tryMsMax: 30_000,
        retryMsMax: 60_000,
        required: false,
        lagMsMax: 300_000,
      },
    ])
  })

  it('moves what the file keeps in its data folder along with that folder', () => {
    const text = `mode: development\n${erp}    credential: { value: "file:data/keys/own" }\n`
    expect(load(text).upstreams[0]?.credential?.value).toBe('secret-in-data-folder')
    const moved = load(text, { dataDirectory: '/elsewhere' })
    expect(moved.upstreams[0]?.credential?.value).toBe('secret-in-moved-folder')
    expect([moved.dataDirectory, moved.log.directory]).toEqual(['/elsewhere', '/elsewhere/log'])
    expect(moved.policy.paths).toEqual(['/etc/gatehouse/policies'])
  })

  it('tells mode and data folder before the secrets of development mode are there', () => {
    const text =
      'mode: development\ndata: kept\nupstreams: [{ id: erp, url: development:erp, credential: { value: file:absent } }]\n'
    expect(peekConfig('/etc/gatehouse/gatehouse.yaml', filesOf(text))).toEqual({
      mode: 'development',
      dataDirectory: '/etc/gatehouse/kept',
      logDirectory: '/etc/gatehouse/kept/log',
    })
    expect(peekConfig('/etc/gatehouse/gatehouse.yaml', filesOf('a: [')), 'broken YAML').toBeUndefined()
  })
})

describe('a file that is wrong is refused with the place and what to write', () => {
  const route = (more: string): string => `mode: development\n${erp}routes:\n  - { id: erp, upstream: erp, ${more} }\n`
  const upstream = (more: string): string => `mode: development\nupstreams:\n  - { id: erp, ${more} }\n`
  const credential = (value: string): string => upstream(`url: http://erp, credential: { value: '${value}' }`)

  it.each([
    // Not YAML that is read here.
    {
      note: 'a key that comes twice',
      text: 'mode: development\nmode: production\n',
      wanted: [/^2:1 : this key comes twice/],
    },
    {
      note: 'an alias',
      text: 'mode: development\nlabels: &a { x: y }\ntiming: *a\n',
      wanted: [/^2:\d+ .*anchors/, /^3:9 .*aliases/],
    },
    { note: 'a tag', text: 'mode: !secret development\n', wanted: [/tag|not YAML/i] },
    {
      note: 'two documents',
      text: 'mode: development\n---\nmode: production\n',
      wanted: [/more than one YAML document/],
    },
    { note: 'a key that is not text', text: 'mode: development\n? [a]\n: x\n', wanted: [/^2:\d+ .*key is not text/] },
    { note: 'a prototype key', text: 'mode: development\nlabels: { __proto__: x }\n', wanted: [/^2:11 .*`__proto__`/] },
    { note: 'a tab', text: 'mode: development\nlisteners:\n\tagents: {}\n', wanted: [/^3:1 .*tab/] },
    { note: 'an open bracket', text: 'mode: [development, "x"\n', wanted: [/missing|indentation/] },
    { note: 'deep nesting', text: `mode: ${'['.repeat(5_000)}`, wanted: [/24 levels/, /indentation/, /too deeply/] },
    {
      note: 'nesting beyond the stack',
      text: `mode: ${'['.repeat(200_000)}${']'.repeat(200_000)}`,
      wanted: [/24 levels/, /too deeply/],
    },
    {
      note: 'too many bytes',
      text: `# ${'x'.repeat(2 ** 20)}\nmode: development\n`,
      wanted: [/more than 1048576 bytes/],
    },
    { note: 'bytes that are not UTF-8', text: new Uint8Array([0x6d, 0xff, 0xfe]), wanted: [/not UTF-8/] },
    { note: 'nothing', text: '', wanted: [/^1:1 /] },
    { note: 'a list', text: '- mode\n', wanted: [/^1:1 : must be a group of settings, not a list/] },

    // Single settings.
    {
      note: 'an unknown key',
      text: 'mode: development\nlistenrs: {}\n',
      wanted: [/^2:1 listenrs: there is no such setting; did you mean `listeners`\?/],
    },
    {
      note: 'an unknown key in a list',
      text: route('metods: [GET]'),
      wanted: [/^6:\d+ routes\[0\]\.metods: .*did you mean `methods`\?/],
    },
    {
      note: 'a word that is not one of some',
      text: 'mode: developement\n',
      wanted: [/^1:7 mode: must be one of .*did you mean `development`\?/, /^1:1 issuers|^1:7/],
    },
    {
      note: 'text for a number',
      text: 'mode: development\nlisteners: { agents: { port: "80" } }\n',
      wanted: [/^2:30 listeners\.agents\.port: must be a whole number, not `80`; write for example `port: 8080`/],
    },
    {
      note: 'a port out of range',
      text: 'mode: development\nlisteners: { agents: { port: 65536 } }\n',
      wanted: [/must be at most 65535, not `65536`/],
    },
    {
      note: 'a number without unit',
      text: 'mode: development\ntiming: { call_max: 30 }\n',
      wanted: [/must be text, not `30`; write for example `call_max: 2m`/],
    },
    {
      note: 'an unknown unit',
      text: 'mode: development\ntiming: { call_max: 30sec }\n',
      wanted: [/a whole number with its unit `ms`, `s`/],
    },
    {
      note: 'a size beyond its edge',
      text: route('body_max: 5GiB'),
      wanted: [/routes\[0\]\.body_max: must be from `0B` to `4GiB`, not `5GiB`/],
    },
    {
      note: 'a setting without a value',
      text: 'mode: development\nissuers:\n',
      wanted: [/^2:\d+ issuers: has no value/],
    },
    {
      note: 'a missing setting',
      text: 'mode: development\nupstreams:\n  - id: erp\n',
      wanted: [/^3:5 upstreams\[0\]\.url: is missing; write for example `url: https:/],
    },
    { note: 'a control character in a value', text: 'mode: "\\e[31m"\n', wanted: [/not `\?\[31m`/, /./] },

    // Sinks.
    {
      note: 'a sink without a receiver',
      text: 'mode: development\nsinks:\n  - id: siem\n',
      wanted: [/^3:\d+ sinks\[0\]: it is not said where records go; write one of .*`file`/],
    },
    {
      note: 'a kind of sink that is misspelt',
      text: 'mode: development\nsinks:\n  - id: siem\n    fil: { path: a }\n',
      wanted: [/sinks\[0\]\.fil: there is no such setting; did you mean `file`/],
    },
    {
      note: 'two sinks of one name',
      text: 'mode: development\nsinks:\n  - { id: a, file: { path: x } }\n  - { id: a, file: { path: y } }\n',
      wanted: [/^4:\d+ sinks\[1\]\.id: `a` comes twice, first as `sinks\[0\]`/],
    },
    {
      note: 'a condition that is none, in the filter of a sink',
      text: 'mode: development\nsinks:\n  - id: a\n    file: { path: x }\n    only: { where: ["=3"] }\n',
      wanted: [/^5:\d+ sinks\[0\]\.only\.where\[0\]: is no condition: .*has no path/],
    },
    {
      note: 'a mask of what says which record it is',
      text: 'mode: development\nsinks:\n  - id: a\n    file: { path: x }\n    mask: [/seq]\n',
      wanted: [/sinks\[0\]\.mask\[0\]: cannot lead to `seq`/],
    },

    {
      note: 'a key of a webhook that is none, behind its reference',
      text: 'mode: development\nsinks:\n  - id: a\n    webhook: { url: "https://siem.example.com/", secret: "file:secrets/erp" }\n',
      wanted: [/^4:\d+ sinks\[0\]\.webhook\.secret: is no key of the form `whsec_BASE64`/],
    },
    {
      note: 'a webhook over plain text',
      text: 'mode: development\nsinks:\n  - id: a\n    webhook: { url: "http://siem.example.com/", secret: "file:secrets/erp" }\n',
      wanted: [/webhook\.url: what goes over `http:` can be read and replaced on the way.*; write `https:/],
    },
    {
      note: 'a format that the receiver does not read',
      text: 'mode: development\nsinks:\n  - id: a\n    opa: { url: "https://opa.example.com/" }\n    format: cef\n',
      wanted: [/^5:\d+ sinks\[0\]\.format: `opa` cannot carry `cef`.*; write `opa` or `native`/],
    },
    {
      note: 'authorities of a sink that are none',
      text: 'mode: development\nsinks:\n  - id: a\n    opa: { url: "https://opa.example.com/", tls: { authorities: tls/none.pem } }\n',
      wanted: [/opa\.tls\.authorities: `.*none\.pem` holds no PEM certificates/],
    },
    {
      note: 'a secret of a sink that is written out, which is not repeated',
      text: 'mode: development\nsinks:\n  - id: a\n    webhook: { url: "https://siem.example.com/", secret: [hunter2hunter2] }\n',
      wanted: [/webhook\.secret: must be text; (?!.*hunter2)/],
    },

    // Secrets.
    {
      note: 'a secret written out',
      text: credential('Bearer hunter2hunter2'),
      wanted: [/credential\.value: a secret is written out/],
    },
    {
      note: 'a variable that is not set',
      text: credential('${NOBODY}'),
      wanted: [/`NOBODY` is not set; set `NOBODY`/],
    },
    { note: 'an empty variable', text: credential('${EMPTY}'), wanted: [/`EMPTY` is empty; set `EMPTY`/] },
    { note: 'a short secret', text: credential('${SHORT}'), wanted: [/shorter than 8 characters/] },
    { note: 'a line break in a secret', text: credential('${TORN}'), wanted: [/characters other than printable/] },
    {
      note: 'a reference that is not closed',
      text: credential('${ERP_TOKEN} ${file:x'),
      wanted: [/reference is not closed/],
    },
    { note: 'a reference without form', text: credential('${A-B}'), wanted: [/neither the form/] },
    {
      note: 'a file that is absent',
      text: credential('file:secrets/absent'),
      wanted: [/`\/etc\/gatehouse\/secrets\/absent` does not exist/],
    },
    { note: 'a file that is empty', text: credential('file:secrets/empty'), wanted: [/is empty/] },
    { note: 'a file that is no text', text: credential('file:secrets/binary'), wanted: [/is not text/] },

    {
      note: 'a reference where no secret belongs',
      text: 'mode: development\nagents: [{ id: a, owner: "${OWNER}" }]\n',
      wanted: [/^2:26 agents\[0\]\.owner: references are followed in secrets only; write the value itself/],
    },

    // What settings mean together.
    {
      note: 'an unknown upstream',
      text: route('').replace('upstream: erp', 'upstream: erq'),
      wanted: [/routes\[0\]\.upstream: there is no upstream `erq`; did you mean `erp`\?/],
    },
    {
      note: 'two issuers alike',
      text: `${production}${production.replace('issuers:\n', '')}`,
      wanted: [/^5:13 issuers\[1\]\.issuer: `https:\/\/login\.example\.com\/` comes twice/],
    },
    {
      note: 'development mode on the network',
      text: 'mode: development\nlisteners: { agents: { host: 0.0.0.0 } }\n',
      wanted: [/development mode listens on loopback only, not on `0\.0\.0\.0`/],
    },
    {
      note: 'operators of development mode on the network',
      text: 'mode: development\nlisteners: { operators: { host: "::", token: file:secrets/operators } }\n',
      wanted: [/operators\.host: development mode/],
    },
    {
      note: 'operators on the network without a token',
      text: 'listeners: { operators: { host: 10.0.0.1 } }\n',
      wanted: [/operators would need no token on `10\.0\.0\.1`; write `token: file:PATH`/],
    },
    {
      note: 'a short token of operators',
      text: 'listeners: { operators: { token: file:secrets/erp } }\n',
      wanted: [/shorter than 16 characters/],
    },
    {
      note: 'a key without certificate',
      text: 'mode: development\nlisteners: { agents: { tls: { key: tls/key.pem } } }\n',
      wanted: [/tls\.certificate: is missing/],
    },
    {
      note: 'a certificate that is absent',
      text: 'mode: development\nlisteners: { agents: { tls: { key: tls/key.pem, certificate: tls/x.pem } } }\n',
      wanted: [/tls\.certificate: `\/etc\/gatehouse\/tls\/x\.pem` does not exist/],
    },
    {
      note: 'TLS with an http address',
      text: 'mode: development\nlisteners: { agents: { public_url: "http://a", tls: { key: tls/key.pem, certificate: tls/key.pem } } }\n',
      wanted: [/public_url: it says `http:`/],
    },
    {
      note: 'no identity on the network',
      text: `${production}${erp}listeners: { agents: { host: 0.0.0.0 } }\nroutes: [{ id: a, upstream: erp, identity: none }]\n`,
      wanted: [/write `identity_none_is_meant: true` beside it/],
    },
    {
      note: 'the second word without the first',
      text: route('identity_none_is_meant: true'),
      wanted: [/the route requires an identity/],
    },
    {
      note: 'one port for both',
      text: 'mode: development\nlisteners: { agents: { port: 9 }, operators: { port: 9 } }\n',
      wanted: [/`9` is the port of agents too/],
    },
    {
      note: 'a parsed body above the body',
      text: route('body_max: 1KiB, parsed_body_max: 2KiB'),
      wanted: [/parsed_body_max: `2KiB` is more than `body_max`, `1KiB`/],
    },
    {
      note: 'less room than two segments need',
      text: 'mode: development\nlog: { total_max: 100MiB, segment_max: 64MiB }\n',
      wanted: [/total_max: `100MiB` is less than two segments of `segment_max`, `64MiB`/, /write more/],
    },
    {
      note: 'a header slower than the call',
      text: 'mode: development\ntiming: { header_max: 2m, request_max: 1m }\n',
      wanted: [/header_max: `2m` is longer than `request_max`/],
    },
    {
      note: 'routes that take the same calls',
      text: `${route('path: /a, methods: [GET]')}  - { id: two, path: /a, upstream: erp }\n`,
      wanted: [/`\/a` of host `\*` is taken by the route `erp`/],
    },
    {
      note: 'a path with two spellings',
      text: route('path: /a%2Fb'),
      wanted: [/`\/a%2Fb` has a character that is written in more than one way/],
    },
    { note: 'a path that ends with a slash', text: route('path: /a/'), wanted: [/`\/a\/` ends with `\/`/] },
    { note: 'a dot segment', text: route('path: /a/../b'), wanted: [/has a dot segment/] },
    { note: 'a tunnel', text: route('methods: [CONNECT]'), wanted: [/`CONNECT`/] },
    {
      note: 'a description that is absent',
      text: route('description: absent.yaml'),
      wanted: [/description: `\/etc\/gatehouse\/absent\.yaml` does not exist/],
    },
    {
      note: 'a description that is a folder',
      text: route('description: policies'),
      wanted: [/is a folder; name a file/],
    },
    { note: 'renames of nothing', text: route('renames: { a: { body.b: c } }'), wanted: [/there is no description/] },
    {
      note: 'an agent of a strange issuer',
      text: `${production}agents: [{ id: a, identity: { issuer: https://x } }]\n`,
      wanted: [/`https:\/\/x` is not a trusted issuer/],
    },
    {
      note: 'two agents with one identity',
      text: `${production}agents: [{ id: a }, { id: b, identity: { value: a } }]\n`,
      wanted: [/the same tokens name the agent `a`/],
    },
    {
      note: 'an agent that comes twice',
      text: `${production}agents: [{ id: a }, { id: a, identity: { value: b } }]\n`,
      wanted: [/`a` comes twice, first as `agents\[0\]`/],
    },
    {
      note: 'routes that nobody can call',
      text: `${erp}routes: [{ id: a, upstream: erp }]\n`,
      wanted: [/no issuer is trusted/],
    },
    {
      note: 'keys over plain HTTP',
      text: production.replace('{ url: https:', '{ url: http:'),
      wanted: [/keys\.url: keys that come over `http:`/],
    },
    {
      note: 'an anchor that is nowhere',
      text: `${production}audit: { anchors: [{ id: a }] }\n`,
      wanted: [/audit\.anchors\[0\]: needs either `file`, `webhook`, `s3` or `witness`/],
    },
    {
      note: 'a witness without its key',
      text: `${production}audit: { anchors: [{ id: a, witness: 'https://w.example' }] }\n`,
      wanted: [/a witness needs its `key`, and nothing else has one/],
    },
    {
      note: 'the key of a log for that of a witness, and the other way round',
      text: `${production}audit: { witness: { name: w, logs: ['witness.example.com+f9701150+BG56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx'] }, anchors: [{ id: a, witness: 'https://w.example', key: 'gatehouse.example.com/audit+f86ba937+AYqHX/8es4RRV3rNWv7kBUVlaN18ieCQhjoFV7x69J8X' }] }\n`,
      wanted: [
        /must be the public key of a witness as one line/,
        /must be the public key of a log as one line.*`gatehouse audit key` prints/,
      ],
    },
    {
      note: 'two anchors of one name, over plain HTTP, with a password, and in the folder of the log',
      text: `${production}log: { directory: l }\naudit: { anchors: [{ id: a, webhook: 'http://h.example' }, { id: a, webhook: 'https://u:p@h.example' }, { id: c, file: l/x }, { id: d, webhook: x }] }\n`,
      wanted: [
        /anchors\[0\]\.webhook: what goes over `http:` can be read/,
        /anchors\[1\]\.id: `a` comes twice/,
        /anchors\[1\]\.webhook: a URL here carries no name or password/,
        /anchors\[2\]\.file: it is in the folder of the log/,
        /anchors\[3\]\.webhook: must be a URL/,
      ],
    },
    {
      note: 'a file with a credential, and a name of a log that could be read in two ways',
      text: `${production}audit: { origin: 'a b', anchors: [{ id: a, file: f, credential: { value: 'file:tls/key.pem' } }] }\n`,
      wanted: [
        /a file needs no `credential`/,
        /audit\.origin: must be a name of at most 256 characters without white space and `\+`/,
      ],
    },
    {
      note: 'keys from two places',
      text: production.replace('{ url', '{ file: tls/key.pem, url'),
      wanted: [/needs either `url` or `file`/],
    },
    {
      note: 'a password in a URL',
      text: upstream('url: "https://user:hunter2hunter2@erp"'),
      wanted: [/carries no name or password/],
    },
    { note: 'a query in a URL', text: upstream('url: "https://erp/?a=b"'), wanted: [/no query/] },
    {
      note: 'a URL of another scheme',
      text: upstream('url: "ftp://erp"'),
      wanted: [/begins with `http:\/\/` or `https:\/\/`/],
    },
    { note: 'a dot segment in a URL', text: upstream('url: "https://erp/a/../b"'), wanted: [/more than one way/] },
    {
      note: 'an unknown service of development mode',
      text: upstream('url: development:epr'),
      wanted: [/no service `epr`; did you mean `development:erp`\?/],
    },
    {
      note: 'a service of development mode in production',
      text: upstream('url: development:erp').replace('mode: development\n', production),
      wanted: [/is there in development mode only/],
    },
    {
      note: 'a gateway that calls itself',
      text: upstream('url: http://localhost:8080/x'),
      wanted: [/an address of Gatehouse itself/],
    },
    {
      note: 'authorities without certificates',
      text: upstream('url: https://erp, authorities: tls/none.pem'),
      wanted: [/holds no PEM certificates/],
    },
    {
      note: 'policies that are absent',
      text: 'mode: development\npolicy: { paths: [policies, more] }\n',
      wanted: [/^2:\d+ policy\.paths\[1\]: `\/etc\/gatehouse\/more` does not exist; create it, or name the folder/],
    },
    {
      note: 'policies in a folder that this user may not look into',
      text: 'mode: development\npolicy: { paths: [policies, hidden] }\n',
      wanted: [/paths\[1\]: this user may not look at `\/etc\/gatehouse\/hidden`; change the permissions/],
    },
    { note: 'nothing at all', text: '\n', wanted: [/^1:1 : the file says nothing; write `issuers:`/] },
    { note: 'comments alone', text: '# later\n---\n', wanted: [/the file says nothing/] },
  ] as { note: string; text: string | Uint8Array; wanted: RegExp[] }[])('$note', ({ text, wanted }) => {
    const errors = errorsOf(text)
    for (const pattern of wanted) expect(errors.filter((line) => pattern.test(line))).not.toEqual([])
    expect(errors.length).toBeLessThanOrEqual(wanted.length)
    for (const line of errors) expect(line).not.toMatch(/hunter2|-secret\b/)
    for (const line of errors) expect(line).not.toContain('\u001b')
  })

  it('tells everything at once, in the order of the file, once each', () => {
    const errors = errorsOf(`mode: development
listeners: { agents: { host: 0.0.0.0, port: many } }
agents:
  - { id: a, statsu: active, identity: { issuer: https://nobody } }
upstreams:
  - { id: erp, url: "ftp://x", credential: { value: written-out-secret } }
routes:
  - { id: r, upstream: erq, path: no-slash, body_max: 1, recording: { mode: strickt } }
`)
    expect(errors.map((line) => line.replace(/: .*/, ''))).toEqual([
      '2:30 listeners.agents.host',
      '2:45 listeners.agents.port',
      '4:14 agents[0].statsu',
      '4:50 agents[0].identity.issuer',
      '6:21 upstreams[0].url',
      '6:53 upstreams[0].credential.value',
      '8:24 routes[0].upstream',
      '8:35 routes[0].path',
      '8:55 routes[0].body_max',
      '8:77 routes[0].recording.mode',
    ])
  })

  it('says so when there is no file', () => {
    const ports = { environment, files: filesOf(''), developmentIssuer: undefined }
    expect(() => loadConfig('/absent.yaml', ports)).toThrow(/the file `\/absent\.yaml` does not exist; create it/)
  })
})
