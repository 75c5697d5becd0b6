/** Bundles as tar archives are read as OPA, GNU tar and bsdtar pack them; what is damaged, hostile or no bundle is told and never half read. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { Flaws } from '../../../src/model/index.ts'
import { type PolicySources, readPolicySources } from '../../../src/policy/index.ts'
import { parseJson } from '../../../src/wire/index.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'gatehouse-archive-'))
  folders.push(made)
  return made
}

function packed(bytes: Uint8Array): string {
  const path = join(folder(), 'bundle.tar.gz')
  writeFileSync(path, bytes)
  return path
}

const read = (path: string): Promise<PolicySources> => readPolicySources({ paths: [path] }, { parseJson })

async function refusalOf(path: string): Promise<string> {
  const cause = await read(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (cause instanceof Flaws) return cause.message
  throw cause ?? new Error('it was read')
}

interface Entry {
  readonly name: string
  readonly content?: string
  readonly type?: string
  /** What the header says instead of the truth. */
  readonly size?: string
  readonly checksum?: string
}

/** A header and the content, in blocks of 512 bytes. */
function entry({ name, content = '', type = '0', size, checksum }: Entry): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${size ?? Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\0' + '00', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512)
  body.write(content)
  return Buffer.concat([header, body])
}

const end = Buffer.alloc(1024)
const archive = (...entries: readonly Entry[]): string => packed(gzipSync(Buffer.concat([...entries.map(entry), end])))

const main = { name: 'main.rego', content: 'package gatehouse\n\ndefault allow := false\n' }

describe('an archive', () => {
  it('holds what a folder with the same files holds, under the same digest', async () => {
    const files = {
      'main.rego': main.content,
      'lib/money.rego': 'package money\n',
      'limits/data.json': '{"a": 1}',
      '.manifest': '{"revision": "v9"}',
      'main_test.rego': 'broken',
      '.hidden/x.rego': 'broken',
    }
    const root = join(folder(), 'policies')
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    const unpacked = await read(root)
    const path = join(dirname(root), 'policies.tar.gz')
    execFileSync('tar', ['-czf', path, '-C', root, '.'])
    const { modules, names, data, revision, digest } = await read(path)
    expect(Object.values(names)).toEqual(Object.values(unpacked.names))
    expect(Object.keys(modules)).toEqual(Object.values(names).map((name) => `${path}/${name}`))
    expect(data).toEqual({ limits: { a: 1 } })
    expect(revision).toBe('v9')
    expect(digest).toBe(unpacked.digest)
  })

  it.each(['ustar', 'gnu', 'pax'])('may have long names, in the format `%s`', async (format) => {
    const root = folder()
    const long = `${'a'.repeat(60)}/${'b'.repeat(60)}/${'c'.repeat(60)}.rego`
    mkdirSync(dirname(join(root, long)), { recursive: true })
    writeFileSync(join(root, long), 'package long\n')
    writeFileSync(join(root, 'main.rego'), main.content)
    const path = join(folder(), 'bundle.tar.gz')
    execFileSync('tar', ['-czf', path, `--format=${format}`, '-C', root, '.'])
    expect(Object.values((await read(path)).names)).toEqual([long, 'main.rego'])
  })

  it('may begin its names with a slash, as OPA does', async () => {
    expect(Object.values((await read(archive({ ...main, name: '/main.rego' }))).names)).toEqual(['main.rego'])
  })

  it('names a file in it by its own name and that of the archive', async () => {
    expect(await refusalOf(archive(main, { name: 'data.json', content: '{' }))).toMatch(
      /\/bundle\.tar\.gz\/data\.json: /,
    )
  })
})

describe('an archive is refused', () => {
  const linked = (): string => {
    const root = folder()
    symlinkSync('/etc/passwd', join(root, 'data.json'))
    const path = join(folder(), 'bundle.tgz')
    execFileSync('tar', ['-czf', path, '-C', root, '.'])
    return path
  }
  const cases: { note: string; path: () => string; wanted: RegExp }[] = [
    { note: 'that is not there', path: () => join(folder(), 'no.tar.gz'), wanted: /cannot be read: ENOENT/ },
    {
      note: 'that is not compressed',
      path: () => packed(Buffer.concat([entry(main), end])),
      wanted: /archive read failed: it is not a whole gzip file/,
    },
    {
      note: 'that is empty',
      path: () => packed(Buffer.alloc(0)),
      wanted: /it is not a whole gzip file|there is no policy here/,
    },
    { note: 'that has nothing in it', path: () => archive(), wanted: /there is no policy here/ },
    {
      note: 'whose compression is cut off',
      path: () => packed(gzipSync(entry(main)).subarray(0, 40)),
      wanted: /archive read failed: it is not a whole gzip file/,
    },
    {
      note: 'that was cut off in a file',
      path: () => packed(gzipSync(entry(main).subarray(0, 520))),
      wanted: /it ends in the middle of a file/,
    },
    {
      note: 'with another checksum',
      path: () => archive({ ...main, checksum: '000001\0 ' }),
      wanted: /it is not a tar file/,
    },
    {
      note: 'with a size that is none',
      path: () => archive({ ...main, size: 'zzzzzzzzzzz' }),
      wanted: /a header is not a tar header/,
    },
    {
      note: 'with a way out of it',
      path: () => archive({ ...main, name: '../main.rego' }),
      wanted: /name `\.\.\/main\.rego`/,
    },
    {
      note: 'with a way out in the midst',
      path: () => archive({ ...main, name: 'a/../../main.rego' }),
      wanted: /name `a\/\.\.\/\.\.\/main\.rego`/,
    },
    {
      note: 'with one name twice',
      path: () => archive(main, { ...main, name: './main.rego' }),
      wanted: /has the file `main\.rego` twice/,
    },
    { note: 'with a link', path: linked, wanted: /`\.\/data\.json`, which is neither a file nor a folder/ },
    {
      note: 'with a device',
      path: () => archive({ name: 'data.json', type: '3' }),
      wanted: /neither a file nor a folder/,
    },
    {
      note: 'that grows when it is unpacked',
      path: () => packed(gzipSync(Buffer.alloc(200 * 1024 * 1024))),
      wanted: /it unpacks to more than 134217728 bytes/,
    },
    {
      note: 'with a file that is too large',
      path: () => archive(main, { name: 'x.rego', content: ' '.repeat(3 * 1024 * 1024) }),
      wanted: /\/x\.rego: the file has more than 2097152 bytes/,
    },
    {
      note: 'with too many files',
      path: () => archive(...Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}.rego` }))),
      wanted: /more than 10000 files/,
    },
  ]
  it.each(cases)('$note', async ({ path, wanted }) => {
    const made = path()
    const refusal = await refusalOf(made)
    expect(refusal).toMatch(wanted)
    expect(refusal).toContain(made)
  })
})
