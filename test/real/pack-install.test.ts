/**
 * The package as somebody gets it: packed from this checkout, installed in an empty folder with its production dependencies
 * alone, and run there. Nothing of the checkout takes part after packing but its Node.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, startHouse } from '../support/command.ts'
import { root } from '../support/sources.ts'

/** Packing compiles, installing asks the registry: far beyond other tests on a busy machine. */
const installMsMax = 180_000
/** Five starts of Node, three of them through npx. */
const runMsMax = 60_000

const work = mkdtempSync(join(tmpdir(), 'gatehouse-pack-'))
const folder = join(work, 'empty')
const installed = join(folder, 'node_modules/gatehouse')
let files: string[] = []

beforeAll(async () => {
  const packed = await run(['npm', 'pack', '--json', '--pack-destination', work])
  expect(packed, packed.out + packed.err).toMatchObject({ status: 0 })
  const [tarball] = readdirSync(work).filter((name) => name.endsWith('.tgz'))
  mkdirSync(folder)
  const options = ['--no-audit', '--no-fund', '--prefer-offline']
  const done = await run(['npm', 'install', ...options, join(work, tarball ?? '')], { cwd: folder })
  expect(done, done.out + done.err).toMatchObject({ status: 0 })
  files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
}, installMsMax)
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Resolves when nobody answers there any more. */
async function gone(url: string): Promise<void> {
  for (;;) {
    const answered = await fetch(url, { headers: { connection: 'close' } }).then(
      (reply) => reply.arrayBuffer(),
      () => undefined,
    )
    if (answered === undefined) return
  }
}

describe('the package', () => {
  it('holds what was built, the embedded default and its documents, and nothing else', () => {
    const wanted = [
      'bin/gatehouse',
      'dist/src/cli/main.js',
      'dist/src/cli/main.js.map',
      'dist/src/rego/index.d.ts',
      'dist/examples/procurement/main.js',
      'examples/procurement/erp.openapi.yaml',
      'policies/main.rego',
      'gatehouse.yaml',
      'gatehouse.schema.json',
      'docs/reference/configuration.md',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
    ]
    expect(files).toEqual(expect.arrayContaining(wanted))
    expect(files.filter((path) => /^(src|test|bench|data|\.ci|node_modules)(\/|$)/.test(path))).toEqual([])
    const sources = files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    expect(sources, 'Node strips no types here').toEqual([])
  })

  it('brings no Node, no compiler and no test runner, and says which Node it needs', () => {
    for (const name of ['node', 'typescript', 'vitest', '@biomejs/biome', '@types/node'])
      expect([name, existsSync(join(folder, 'node_modules', name))]).toEqual([name, false])
    expect(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))).toMatchObject({
      engines: { node: '>=24' },
    })
  })

  it(
    'runs `npx gatehouse start` in an empty folder, on the embedded default, with its data there',
    async () => {
      const house = await startHouse(['npx', 'gatehouse', 'start', '--port', '0', '--operators-port', '0'], folder)
      try {
        expect(house.output()).toContain(`the embedded default: ${join(installed, 'gatehouse.yaml')}`)
        const token = (await run(['npx', 'gatehouse', 'token', 'buyer'], { cwd: folder })).out.trim()
        const order = (vendor_id: string) =>
          fetch(`${house.agentsUrl}/erp/purchase-orders`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ vendor_id, amount: 900, currency: 'EUR' }),
          })
        const allowed = await order('acme')
        expect([allowed.status, await allowed.json()]).toMatchObject([201, { vendor_id: 'acme' }])
        const refused = await order('nightshade')
        const problem = (await refused.json()) as { [name: string]: unknown }
        expect([refused.status, problem]).toMatchObject([403, { status: 403, detail: expect.any(String) }])
        const tail = await run(['npx', 'gatehouse', 'tail', '--no-follow', '--type', 'decision'], { cwd: folder })
        const records = tail.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { [name: string]: unknown })
        expect(records.map(({ decision }) => decision)).toEqual(['allow', 'deny'])
        expect(records[1]).toMatchObject({ decision_id: problem.decision_id, code: problem.code })
        expect(readdirSync(join(folder, 'data')).sort()).toEqual(expect.arrayContaining(['keys', 'log']))
      } finally {
        await house.end('SIGTERM')
      }
      // `npx` passes no signal on: the gateway ends because `npx` did.
      await gone(`${house.operatorsUrl}/healthz`)
      expect(readdirSync(installed), 'the package itself is not written to').not.toContain('data')
    },
    runMsMax,
  )

  it('names the lines of the sources in a stack', async () => {
    const map = JSON.parse(readFileSync(join(installed, 'dist/src/cli/main.js.map'), 'utf8')) as {
      [name: string]: unknown
    }
    expect(map.sources).toEqual(['../../../src/cli/main.ts'])
    expect(map.sourcesContent).toEqual([readFileSync(join(root, 'src/cli/main.ts'), 'utf8')])
  })
})

describe('gatehouse/rego', () => {
  const program = `import { prepare } from 'gatehouse/rego'
const query = prepare({ query: 'data.a.p', modules: { 'a.rego': 'package a\\n\\np := input.x + 1\\n' } })
console.log(JSON.stringify(query.value({ x: 41 })))
`

  it('compiles and evaluates without the rest of the house', async () => {
    writeFileSync(join(folder, 'use.mjs'), program)
    expect(await run([process.execPath, 'use.mjs'], { cwd: folder })).toEqual({ status: 0, out: '42\n', err: '' })
  })

  it('is typed for those who import it', async () => {
    writeFileSync(join(folder, 'right.mts'), program)
    writeFileSync(join(folder, 'wrong.mts'), program.replace("'data.a.p'", '3'))
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,dom',
      '--types',
      '',
    ]
    const { status, out } = await run([join(root, 'node_modules/.bin/tsc'), ...options, 'right.mts', 'wrong.mts'], {
      cwd: folder,
    })
    expect(status).not.toBe(0)
    expect(out).toMatch(/^wrong\.mts\(2,\d+\): error TS2322: .*\n$/)
  })
})
