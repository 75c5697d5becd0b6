/**
 * Files that `check` should never have been given: bombs, pipes, devices, depth, other readers' tricks. Each is refused at once, in
 * words, and no secret, right or wrong, is ever printed.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'

const secret = 'TOP-SECRET-0123456789'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'policies'))
writeFileSync(join(folder, 'secret'), secret)
writeFileSync(join(folder, 'two-lines'), `${secret}\nmore`)
execFileSync('mkfifo', [join(folder, 'pipe')])

const laughs = 'abcdefghij'
  .split('')
  .map(
    (name, index) =>
      `${name}: &${name} [${Array(9)
        .fill(index === 0 ? 'ha' : `*${'abcdefghij'[index - 1]}`)
        .join(',')}]`,
  )
  .join('\n')
const credential = (value: string): string =>
  `upstreams: [{ id: erp, url: "http://127.0.0.1:1", credential: { value: "${value}" } }]\n`
const keys = (file: string): string => `issuers: [{ issuer: i, keys: { file: ${file} }, audiences: [a] }]\n`

const rows: { note: string; text: string | Buffer; says: RegExp }[] = [
  { note: 'a billion laughs', text: laughs, says: /aliases are not read/ },
  { note: 'an alias of itself', text: 'a: &a [*a]', says: /aliases are not read/ },
  { note: 'a merge key', text: 'a: &a { mode: development }\n<<: *a', says: /aliases are not read/ },
  { note: 'a tag that makes code', text: 'mode: !!js/function "function () {}"', says: /tags are not read/ },
  { note: 'twenty thousand brackets', text: `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, says: /nested/ },
  { note: 'two documents', text: 'mode: production\n---\nmode: development', says: /more than one YAML document/ },
  { note: 'a key twice', text: 'mode: production\nmode: development', says: /comes twice/ },
  { note: 'a prototype key', text: '__proto__: { mode: development }', says: /__proto__/ },
  { note: 'an unknown key', text: 'Mode: development', says: /mode/ },
  { note: 'two megabytes', text: `#${'x'.repeat(2_000_000)}`, says: /more than \d+ bytes/ },
  { note: 'bytes that are not UTF-8', text: Buffer.from('mode: \xff', 'latin1'), says: /not UTF-8/ },
  { note: 'a control character', text: 'mode: "\u001b[2J"', says: /mode/ },
  { note: 'a secret that is a pipe', text: credential('file:pipe'), says: /is a pipe/ },
  { note: 'a secret that is a device without end', text: credential('file:/dev/zero'), says: /more than \d+ bytes/ },
  { note: 'a secret that is the environment', text: credential('file:/proc/self/environ'), says: /printable ASCII/ },
  { note: 'a secret that is a folder', text: credential('file:policies'), says: /is a folder/ },
  { note: 'a secret written out', text: credential(secret), says: /written out/ },
  { note: 'a secret of two lines', text: credential('file:two-lines'), says: /printable ASCII/ },
  {
    note: 'a secret in a variable that is not there',
    text: credential(`\${${secret.replaceAll('-', '_')}_NOT}`),
    says: /NOT/,
  },
  {
    note: 'a password in a URL',
    text: `upstreams: [{ id: erp, url: "http://u:${secret}@127.0.0.1" }]`,
    says: /name or password/,
  },
  { note: 'keys that are a pipe', text: keys('pipe'), says: /pipe|regular file/ },
  { note: 'keys that are a device without end', text: keys('/dev/zero'), says: /regular file/ },
  {
    note: 'a certificate that is a pipe',
    text: 'listeners: { agents: { tls: { certificate: pipe, key: pipe } } }',
    says: /pipe|regular file/,
  },
  {
    note: 'a right secret beside what is wrong',
    text: `${credential('Bearer $'.concat('{file:secret}'))}mode: nonsense\n`,
    says: /mode/,
  },
]

describe('check', () => {
  it.each(rows)('refuses $note in words, and prints no secret', async ({ text, says }) => {
    writeFileSync(join(folder, 'gatehouse.yaml'), text)
    for (const words of [['check'], ['check', '--format', 'json']]) {
      const io = makeFakeIo({ directory: folder, environment: { HOME: secret } })
      expect(await runWords(words, io)).not.toBe(0)
      const told = `${io.stdout.text}${io.stderr.text}`
      expect(told).toMatch(says)
      expect(told).not.toContain(secret)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be printed
      expect(told).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    }
  })
})

describe('token', () => {
  it.each(['mode: production\n', '', 'mode: Development\n'])('makes none for the configuration `%s`', async (text) => {
    writeFileSync(join(folder, 'gatehouse.yaml'), text)
    const io = makeFakeIo({ directory: folder })
    expect(await runWords(['token', 'buyer'], io)).not.toBe(0)
    expect(io.stdout.text).toBe('')
  })
})
