/** The commands as a shell calls them, without a process: words in, text and exit status out. Each case has its own folder. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { runWords } from '../../../src/cli/main.ts'
import { type FakeIo, type FakeIoOptions, makeFakeIo } from '../../support/io.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder with these files. */
function folderWith(files: { readonly [path: string]: string } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
  readonly io: FakeIo
}

async function run(line: string, options: FakeIoOptions): Promise<Ran> {
  const io = makeFakeIo(options)
  const status = await runWords(line.split(' '), io)
  return { status, out: io.stdout.text, err: io.stderr.text, io }
}

const development = `mode: development
policy: { paths: [policies] }
agents: [{ id: buyer }, { id: helper, identity: { claim: sub, value: helper-1 } }]
upstreams: [{ id: erp, url: development:erp, credential: { value: "Bearer \${file:data/keys/procurement-erp}" } }]
routes: [{ id: erp, path: /erp, upstream: erp }]
`
const production = `issuers: [{ issuer: https://login.example.com/, keys: { url: https://login.example.com/jwks }, audiences: [gatehouse] }]
`
const policy = `package gatehouse

default allow := false
`

function claimsOf(token: string): { [name: string]: unknown } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { [name: string]: unknown }
}

describe('gatehouse version', () => {
  it('prints one line, or facts for programs', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'))
    const directory = folderWith()
    expect(await run('version', { directory })).toMatchObject({ status: 0, out: `gatehouse ${version}\n`, err: '' })
    const json = await run('version --format json', { directory })
    expect(JSON.parse(json.out)).toMatchObject({ gatehouse: version, node: process.versions.node })
  })
})

describe('gatehouse help and completion', () => {
  it('print their tables for programs too', async () => {
    const directory = folderWith()
    const all = JSON.parse((await run('help --format json', { directory })).out)
    expect(all.commands.map(({ name }: { name: string }) => name)).toContain('tail')
    const one = JSON.parse((await run('tail --help --format json', { directory })).out)
    expect(one).toMatchObject({
      name: 'tail',
      flags: expect.arrayContaining([expect.objectContaining({ name: 'last' })]),
    })
    const bash = await run('completion bash', { directory })
    const json = await run('completion bash --format json', { directory })
    expect(JSON.parse(json.out)).toEqual({ shell: 'bash', script: bash.out })
  })
})

describe('gatehouse token', () => {
  it('prints a token of the agent and nothing else, for an hour, and keeps its key for the next one', async () => {
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy })
    const first = await run('token buyer', { directory })
    expect(first).toMatchObject({ status: 0, err: '', out: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/) })
    const claims = claimsOf(first.out)
    expect(claims).toMatchObject({ sub: 'buyer', client_id: 'buyer', aud: 'gatehouse' })
    expect(Number(claims.exp) - Number(claims.iat)).toBe(3_600)
    const second = await run('token buyer', { directory })
    expect(second.out.split('.')[0], 'the same key id').toBe(first.out.split('.')[0])
  })

  it('takes subject, scopes, roles, actors and lifetime', async () => {
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy })
    const { out } = await run(
      'token buyer --subject ada --scope orders.read --scope orders.write --role clerk --actor one --lifetime 24h --format json',
      { directory },
    )
    const reply = JSON.parse(out)
    expect(reply).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 })
    expect(claimsOf(reply.token)).toMatchObject({
      sub: 'ada',
      client_id: 'buyer',
      scope: 'orders.read orders.write',
      roles: ['clerk'],
      act: { sub: 'one' },
    })
  })

  it('names an agent by the claim and value that the configuration says', async () => {
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy })
    expect(claimsOf((await run('token helper', { directory })).out)).toMatchObject({ sub: 'helper-1' })
  })

  it('keeps keys and credentials for their owner alone', async () => {
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy })
    await run('token buyer', { directory })
    const keys = join(directory, 'data/keys')
    const names = readdirSync(keys)
    expect(names).toEqual(expect.arrayContaining(['procurement-crm', 'procurement-desk', 'procurement-erp']))
    for (const name of names) expect([name, statSync(join(keys, name)).mode & 0o077]).toEqual([name, 0])
    const credential = readFileSync(join(keys, 'procurement-erp'), 'utf8')
    expect(credential).toMatch(/^[\w-]{43}\n$/)
    await run('token buyer', { directory })
    expect(readFileSync(join(keys, 'procurement-erp'), 'utf8'), 'made once').toBe(credential)
  })

  it.each([
    {
      note: 'in production',
      text: production,
      line: 'token buyer',
      wanted: /development mode only, and .* is of mode `production`/,
    },
    {
      note: 'for an agent that is not there',
      text: development,
      line: 'token biyer',
      wanted: /no agent `biyer`; did you mean `buyer`\?/,
    },
    {
      note: 'for longer than a week',
      text: development,
      line: 'token buyer --lifetime 8d',
      wanted: /`--lifetime` takes whole seconds from `1s` to `7d`, not `8d`; write for example/,
    },
    {
      note: 'for less than a second',
      text: development,
      line: 'token buyer --lifetime 5ms',
      wanted: /whole seconds from `1s` to `7d`, not `5ms`/,
    },
    {
      note: 'on the network',
      text: `${development}listeners: { agents: { host: 0.0.0.0 } }\n`,
      line: 'token buyer',
      wanted: /loopback only/,
    },
  ])('refuses $note, with nothing on standard output', async ({ text, line, wanted }) => {
    const directory = folderWith({ 'gatehouse.yaml': text, 'policies/main.rego': policy })
    const ran = await run(line, { directory })
    expect(ran).toMatchObject({ status: 2, out: '', err: expect.stringMatching(wanted) })
  })

  it('refuses development mode where the environment allows production only', async () => {
    const environment = { GATEHOUSE_PRODUCTION_ONLY: '1' }
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy })
    const named = await run('token buyer', { directory, environment })
    expect(named).toMatchObject({ status: 2, err: expect.stringMatching(/`mode: development`, which is refused here/) })
    const embedded = await run('token buyer', { directory: folderWith(), environment })
    expect(embedded).toMatchObject({
      status: 2,
      err: expect.stringMatching(/no configuration at .*gatehouse\.yaml`; mount one there/),
    })
    expect(readdirSync(directory), 'nothing was made').not.toContain('data')
  })
})

describe('gatehouse check', () => {
  it('finds the embedded default right, and makes nothing', async () => {
    const directory = folderWith()
    const ran = await run('check', { directory })
    expect(ran).toMatchObject({
      status: 0,
      err: '',
      out: expect.stringMatching(/^the embedded default is right: mode development/),
    })
    expect(readdirSync(directory)).toEqual([])
  })

  it('prints the configuration in force with secrets masked', async () => {
    const environment = { ERP: 'hunter2hunter2' }
    const text = `${production}upstreams: [{ id: erp, url: https://erp.example.com, credential: { value: "Bearer \${ERP}" } }]\n`
    const directory = folderWith({ 'gatehouse.yaml': text, 'policies/main.rego': policy })
    const { status, out } = await run('check --format json', { directory, environment })
    expect([status, JSON.parse(out)]).toMatchObject([
      0,
      { ok: true, errors: [], config: { upstreams: [{ credential: { value: 'Bearer [redacted]' } }] } },
    ])
    expect(out).not.toContain('hunter2')
  })

  it('tells what is wrong with its place, for people and for programs', async () => {
    const directory = folderWith({
      'gatehouse.yaml': 'mode: development\nlistenrs: {}\n',
      'policies/main.rego': policy,
    })
    const ran = await run('check', { directory })
    expect(ran.status).toBe(2)
    expect(ran.out).toContain('gatehouse.yaml:2:1: listenrs: there is no such setting; did you mean `listeners`?')
    const json = await run('check --format json', { directory })
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      errors: [{ place: '2:1', path: 'listenrs', fix: 'did you mean `listeners`?' }],
    })
  })

  it.each([
    {
      note: 'a policy that does not compile',
      files: { 'policies/main.rego': 'package gatehouse\n\nallow if input.x ==\n' },
      wanted: /main\.rego:\d+:\d+: /,
    },
    {
      note: 'a description that is no YAML',
      files: { 'erp.yaml': 'a: [\n' },
      wanted: /erp\.yaml:\d+:\d+: this is not YAML/,
    },
    {
      note: 'a module without its manifest',
      files: { 'policies/policy.wasm': 'not one' },
      wanted: /policies\/policy\.wasm: no `\.manifest` beside it names an entrypoint of it/,
    },
    {
      note: 'a module that is none',
      files: {
        'policies/policy.wasm': 'not one',
        'policies/.manifest': '{"wasm": [{"entrypoint": "gatehouse", "module": "/policy.wasm"}]}',
      },
      wanted: /policies\/policy\.wasm: rego_compile_error: it does not begin as a WebAssembly module of version 1/,
    },
    { note: 'a description that is no OpenAPI', files: { 'erp.yaml': 'a: b\n' }, wanted: /erp\.yaml/ },
  ])('tells of $note', async ({ files, wanted }) => {
    const text = development.replace('upstream: erp }]', 'upstream: erp, description: erp.yaml }]')
    const description = 'openapi: 3.1.0\ninfo: { title: t, version: "1" }\npaths: {}\n'
    const directory = folderWith({
      'gatehouse.yaml': text,
      'policies/main.rego': policy,
      'erp.yaml': description,
      ...files,
    })
    const ran = await run('check', { directory })
    expect(ran).toMatchObject({ status: 2, out: expect.stringMatching(wanted) })
  })

  it('tells of a certificate that does not belong to its key', async () => {
    const pem = (name: string) => readFileSync(join(import.meta.dirname, '../../cases/tls', name), 'utf8')
    const tls = 'listeners: { agents: { tls: { certificate: certificate.pem, key: key.pem } } }\n'
    const files = { 'gatehouse.yaml': `mode: development\n${tls}`, 'policies/main.rego': policy }
    const certificate = pem('first.certificate.pem')
    const right = { ...files, 'certificate.pem': certificate, 'key.pem': pem('first.key.pem') }
    expect((await run('check', { directory: folderWith(right) })).status).toBe(0)
    const wrong = { ...files, 'certificate.pem': certificate, 'key.pem': pem('second.key.pem') }
    expect(await run('check', { directory: folderWith(wrong) })).toMatchObject({
      status: 2,
      out: expect.stringMatching(
        /certificate\.pem: certificate and key `.*key\.pem` cannot be used: .*; name a PEM certificate/,
      ),
    })
  })

  it('tells of a key set that cannot be read', async () => {
    const issuers =
      'issuers: [{ issuer: https://login.example.com/, keys: { file: jwks.json }, audiences: [gatehouse] }]\n'
    const files = { 'gatehouse.yaml': issuers, 'policies/main.rego': policy, 'jwks.json': '{"keys":' }
    expect(await run('check', { directory: folderWith(files) })).toMatchObject({
      status: 2,
      out: expect.stringMatching(/jwks\.json: the keys cannot be read: .*; name a file that holds a JWK set/),
    })
  })

  it('tells of a key set that could verify nothing', async () => {
    const issuers =
      'issuers: [{ issuer: https://login.example.com/, keys: { file: jwks.json }, audiences: [gatehouse] }]\n'
    const symmetric = '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'
    const files = { 'gatehouse.yaml': issuers, 'policies/main.rego': policy, 'jwks.json': symmetric }
    expect(await run('check', { directory: folderWith(files) })).toMatchObject({
      status: 2,
      out: expect.stringMatching(/jwks\.json: no key in this set can verify a token; add a public key/),
    })
  })

  it('shows the line of a policy and what may have been meant, without obeying what is in it', async () => {
    const rego = 'package gatehouse\n\nallow if {\n\tinptu.call.tool.name == "\u202ea"\n}\n'
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': rego })
    const { out } = await run('check', { directory })
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/main\.rego:4:2: rego_unsafe_var_error: var inptu is unsafe; did you mean `input`\?$/),
      '  \tinptu.call.tool.name == "?a"',
      '  \t^',
      '',
      'one thing is wrong',
      '',
    ])
    const json = JSON.parse((await run('check --format json', { directory })).out)
    expect(json.errors).toEqual([
      {
        file: join(directory, 'policies/main.rego'),
        place: '4:2',
        path: '',
        message: 'rego_unsafe_var_error: var inptu is unsafe',
        fix: 'did you mean `input`?',
      },
    ])
  })

  it('says so when the file that is named is not there', async () => {
    const ran = await run('check --config absent.yaml', { directory: folderWith() })
    expect(ran).toMatchObject({ status: 2, out: expect.stringMatching(/absent\.yaml` does not exist; create it/) })
  })
})

describe('gatehouse start', () => {
  const listeners = 'listeners: { agents: { port: 0 }, operators: { port: 0 } }\n'

  const mistakes: { note: string; config: string; files: { readonly [path: string]: string }; wanted: RegExp }[] = [
    {
      note: 'a key set that cannot be read',
      config: 'issuers: [{ issuer: https://login.example.com/, keys: { file: jwks.json }, audiences: [gatehouse] }]\n',
      files: { 'jwks.json': '{"keys":' },
      wanted: /jwks\.json: the keys cannot be read/,
    },
    {
      note: 'a certificate that does not belong to its key',
      config:
        'listeners: { agents: { port: 0, tls: { certificate: a.pem, key: b.pem } }, operators: { port: 0 } }\nmode: development\n',
      files: { 'a.pem': 'no certificate', 'b.pem': 'no key' },
      wanted: /a\.pem: certificate and key .* cannot be used/,
    },
  ]
  it.each(mistakes)('says $note as what it is: the mistake of an operator, without a stack', async (row) => {
    const config = row.config.startsWith('listeners') ? row.config : `${listeners}${row.config}`
    const directory = folderWith({ 'gatehouse.yaml': config, 'policies/main.rego': policy, ...row.files })
    const ran = await run('start', { directory, clock: systemClock })
    expect(ran).toMatchObject({ status: 2, out: '', err: expect.stringMatching(row.wanted) })
    expect(ran.err).not.toMatch(/mistake of the program|^ +at /m)
  })

  it('prints one object for programs: addresses, configuration and the lines to paste', async () => {
    const directory = folderWith()
    const io = makeFakeIo({ directory, clock: systemClock })
    const ended = runWords('start --port 0 --operators-port 0 --format json'.split(' '), io)
    await expect.poll(() => io.stdout.text, { timeout: 15_000 }).toContain('\n')
    expect(io.interrupt('SIGTERM')).toBe(true)
    expect(await ended).toBe(0)
    const { lines, ...rest } = JSON.parse(io.stdout.text)
    const address = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)
    const configuration = join(import.meta.dirname, '../../../gatehouse.yaml')
    expect(rest).toEqual({ agents: address, operators: address, configuration })
    expect(lines).toEqual([
      expect.stringMatching(/^curl .*"vendor_id":"acme"/),
      expect.stringMatching(/^curl .*"vendor_id":"nightshade"/),
      'npx gatehouse tail',
    ])
  })

  it('offers no order where nobody can order', async () => {
    const config = `${listeners}${development.replace('path: /erp,', 'path: /orders,')}`
    const directory = folderWith({ 'gatehouse.yaml': config, 'policies/main.rego': policy })
    const io = makeFakeIo({ directory, clock: systemClock })
    const ended = runWords(['start', '--config', 'gatehouse.yaml'], io)
    await expect.poll(() => io.stdout.text, { timeout: 15_000 }).toContain('tail')
    expect(io.interrupt('SIGTERM')).toBe(true)
    expect(await ended).toBe(0)
    expect(io.stdout.text).toMatch(/^agents .*\noperators .*\nnpx gatehouse tail --config 'gatehouse\.yaml'\n$/)
  })

  it('runs on when nobody reads its output, and ends in order all the same', async () => {
    const issuers =
      'issuers: [{ issuer: https://login.example.com/, keys: { url: http://127.0.0.1:9/ }, audiences: [gatehouse] }]\n'
    const directory = folderWith({ 'gatehouse.yaml': `${listeners}${issuers}`, 'policies/main.rego': policy })
    const io = makeFakeIo({ directory, clock: systemClock })
    io.stdout.closed = true
    const ended = runWords(['start'], io)
    await expect.poll(() => io.stderr.text, { timeout: 10_000 }).toContain('the addresses could not be printed')
    expect(io.interrupt('SIGTERM')).toBe(true)
    expect(await ended).toBe(0)
  })
})

describe('gatehouse tail', () => {
  const at = (index: number) => `2026-03-02T09:${String(30 + index).padStart(2, '0')}:00.000000Z`
  const admin = (index: number) =>
    JSON.stringify({
      seq: index,
      type: 'admin',
      timestamp: at(index),
      event: 'reload',
      detail: { index, text: '\u009b31m' },
    })
  const log = Array.from({ length: 20 }, (_, index) => `${admin(index)}\n`).join('')
  const world = () => folderWith({ 'gatehouse.yaml': production, 'data/log/0000000001.jsonl': log })

  it('shows the last ten as they are in the log when nobody looks', async () => {
    const ran = await run('tail --no-follow', { directory: world() })
    expect(ran).toMatchObject({ status: 0, err: '', out: log.split('\n').slice(10).join('\n') })
  })

  it('shows lines for a person on a terminal, in colours unless they are not wanted', async () => {
    const coloured = await run('tail --no-follow', { directory: world(), columns: 100 })
    expect(coloured.out).toContain('\u001b[34madmin')
    expect(coloured.out, 'what others wrote never steers the terminal').not.toContain('\u009b')
    const plain = await run('tail --no-follow', { directory: world(), columns: 100, environment: { NO_COLOR: '1' } })
    expect(plain.out).not.toContain('\u001b')
    const json = await run('tail --no-follow --format json', { directory: world(), columns: 100 })
    expect(json.out).not.toContain('\u009b')
    expect(
      json.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    const text = await run('tail --no-follow --format text', { directory: world() })
    expect(text.out).toMatch(/^03-02 09:40:00\.000 admin/)
  })

  it.each([
    { since: '15m', first: 15 },
    { since: '2026-03-02T09:48:00Z', first: 18 },
    { since: '2026-03-02T10:48:00+01:00', first: 18 },
    { since: '1h', first: 0 },
  ])('shows all since $since, seen at 10:00', async ({ since, first }) => {
    const ran = await run(`tail --no-follow --since ${since}`, { directory: world() })
    expect(
      ran.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq)[0],
    ).toBe(first)
  })

  it.each([
    { flags: '-n 3', wanted: [17, 18, 19] },
    { flags: '--last 1', wanted: [19] },
    { flags: '-n 0', wanted: [] },
    { flags: '-n 10000', wanted: Array.from({ length: 20 }, (_, index) => index) },
  ])('begins with as many as `$flags` says', async ({ flags, wanted }) => {
    const { out } = await run(`tail --no-follow ${flags}`, { directory: world() })
    const lines = out.split('\n').filter((line) => line !== '')
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(wanted)
  })

  it.each([
    { flags: '--follow --no-follow', wanted: /`--follow` and `--no-follow` contradict each other/ },
    { flags: '-n 3 --since 2h', wanted: /`--last` and `--since` both say where to begin/ },
    { flags: '-n 10001', wanted: /`--last` takes a whole number from 0 to 10000, not `10001`/ },
    { flags: '-n -1', wanted: /`--last` takes a whole number from 0 to 10000, not `-1`/ },
  ])('refuses `$flags`', async ({ flags, wanted }) => {
    expect(await run(`tail ${flags}`, { directory: world() })).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(wanted),
    })
  })

  it.each(['yesterday', '2026-03-02', '2026-03-02T10:00:00', '5'])('refuses `--since %s`', async (since) => {
    const ran = await run(`tail --no-follow --since ${since}`, { directory: world() })
    expect(ran).toMatchObject({ status: 2, err: expect.stringMatching(/`--since` takes a time such as/) })
  })

  it('follows until it is interrupted, and then ends quietly', async () => {
    const directory = world()
    let waits = 0
    const io: FakeIo = makeFakeIo({
      directory,
      pause: async () => {
        waits++
        if (waits === 1) writeFileSync(join(directory, 'data/log/0000000001.jsonl'), `${log}${admin(20)}\n`)
        else io.interrupt('SIGINT')
      },
    })
    expect(await runWords(['tail', '-f'], io)).toBe(0)
    expect(
      io.stdout.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq)
        .at(-1),
    ).toBe(20)
    expect(io.stderr.text).toBe('')
    expect(io.interrupt('SIGINT'), 'nobody listens afterwards').toBe(false)
  })

  it('ends quietly when the reader has gone, as with `| head`', async () => {
    const io = makeFakeIo({ directory: world() })
    io.stdout.closed = true
    expect(await runWords(['tail', '--no-follow'], io)).toBe(0)
    expect(io.stderr.text).toBe('')
  })

  it('needs neither the secrets of the configuration nor a gateway', async () => {
    const text = `${production}upstreams: [{ id: erp, url: https://erp.example.com, credential: { value: file:absent } }]\n`
    const directory = folderWith({ 'gatehouse.yaml': text, 'data/log/0000000001.jsonl': log })
    expect((await run('tail --no-follow', { directory })).status).toBe(0)
  })

  it('says what to do where there is no log yet', async () => {
    const ran = await run('tail --no-follow', { directory: folderWith({ 'gatehouse.yaml': production }) })
    expect(ran).toMatchObject({
      status: 2,
      err: expect.stringMatching(/no log at .* yet; run `gatehouse start` first/),
    })
  })
})

describe('whatever goes wrong', () => {
  it('all errors of a configuration are told, each on its line', async () => {
    const directory = folderWith({ 'gatehouse.yaml': 'mode: development\na: 1\nb: 2\n', 'policies/main.rego': policy })
    const ran = await run('token buyer', { directory })
    expect(ran.status).toBe(2)
    expect(ran.err.split('\n')).toEqual([
      expect.stringMatching(/gatehouse\.yaml:2:1: a: /),
      expect.stringMatching(/gatehouse\.yaml:3:1: b: /),
      '',
      'gatehouse: the configuration cannot be used: 2 things are wrong',
      '',
    ])
  })

  it('is one JSON object on standard error for a program that asked for JSON, even where words are wrong', async () => {
    const directory = folderWith({ 'gatehouse.yaml': 'mode: development\na: 1\n', 'policies/main.rego': policy })
    const config = await run('token buyer --format json', { directory })
    expect(config).toMatchObject({ status: 2, out: '' })
    expect(JSON.parse(config.err)).toEqual({
      error: {
        status: 2,
        message: 'the configuration cannot be used: one thing is wrong',
        errors: [
          {
            file: join(directory, 'gatehouse.yaml'),
            place: '2:1',
            path: 'a',
            message: 'there is no such setting',
            fix: expect.stringMatching(/^settings here are /),
          },
        ],
      },
    })
    const words = await run('tial --format=json', { directory })
    expect(JSON.parse(words.err)).toEqual({
      error: { status: 2, message: 'there is no command `tial`; did you mean `tail`?' },
    })
    expect((await run('tial -- --format json', { directory })).err, 'an operand is no flag').toMatch(/^gatehouse: /)
  })

  it('a data folder that this user may not look into is no mistake of the program', async () => {
    // A name that is too long fails for everybody, also for root, in the way a forbidden folder fails for others.
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy })
    const ran = await run(`check --data ${'x'.repeat(300)}`, { directory })
    expect(ran).toMatchObject({
      status: 2,
      err: '',
      out: expect.stringMatching(/procurement-erp` cannot be read \(ENAMETOOLONG\); make it readable/),
    })
  })

  it.each([
    { note: 'a file', data: 'file', folder: /`\S+\/file` cannot be made: there is a file, or a link/ },
    {
      note: 'a link that leads nowhere',
      data: 'link',
      folder: /`\S+\/link` cannot be made: there is a file, or a link/,
    },
    {
      note: 'a place without folders',
      data: '/proc/gatehouse',
      folder: /`\/proc\/gatehouse` cannot be made: this file/,
    },
  ])('a data directory that is $note is an error with the folder, and ends', async ({ data, folder }) => {
    const directory = folderWith({ 'gatehouse.yaml': development, 'policies/main.rego': policy, file: 'a file' })
    symlinkSync(join(directory, 'absent'), join(directory, 'link'))
    const ran = await run(`token buyer --data ${data}`, { directory })
    expect(ran).toMatchObject({ status: 2, out: '', err: expect.stringMatching(folder) })
    expect(ran.err).toMatch(/; name another data directory with `--data FOLDER`\n$/)
  })
})
