/**
 * The house rules as tests: who may import whom, which room a package belongs to, no cycles, no file that nobody needs,
 * no drawers, no leftovers. On failure the line, the rule and the way out are printed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { faults } from '../src/model/index.ts'
import { filesBelow, type Import, importsOf, packageOf, roomOf, root, textOf } from './support/sources.ts'

/** Design section 3. `cli` is the only place where rooms meet. */
const mayImport: Record<string, readonly string[]> = {
  model: [],
  rego: [],
  wire: ['model'],
  config: ['model', 'proof', 'settings', 'sinks'],
  identify: ['model', 'wire'],
  route: ['model'],
  proof: [],
  record: ['model', 'wire', 'proof'],
  receive: ['model', 'wire'],
  forward: ['model', 'wire'],
  decide: ['model', 'rego'],
  policy: ['model', 'rego'],
  vault: ['model'],
  settings: ['model'],
  sinks: ['model', 'wire', 'settings'],
  control: ['model', 'wire'],
  'gateway.ts': ['model'],
  cli: [
    'model',
    'rego',
    'wire',
    'config',
    'settings',
    'identify',
    'route',
    'proof',
    'record',
    'receive',
    'forward',
    'decide',
    'policy',
    'vault',
    'sinks',
    'control',
    'gateway.ts',
  ],
}

/** Rooms whose types alone `gateway.ts` may name. */
const typesOnly: Record<string, readonly string[]> = {
  'gateway.ts': ['receive', 'identify', 'route', 'decide', 'forward', 'record'],
}

/**
 * One door per package: the rooms that may import it, and the part of the room where that is narrower. The modules of Node that
 * reach out of the process have doors too.
 */
const packageDoors: Record<string, readonly string[]> = {
  undici: ['src/forward/'],
  jose: ['src/identify/'],
  'lru-cache': ['src/identify/', 'src/receive/', 'src/rego/builtins/'],
  pino: ['src/cli/'],
  hono: ['src/control/'],
  '@hono/node-server': ['src/control/'],
  'prom-client': ['src/control/'],
  zod: ['src/config/', 'src/record/', 'src/settings/', 'src/sinks/'],
  yaml: ['src/config/', 'src/policy/', 'src/rego/builtins/'],
  ajv: ['src/route/'],
  'ajv-formats': ['src/route/'],
  re2js: ['src/rego/builtins/', 'src/route/'],
  graphql: ['src/rego/builtins/'],
  '@open-policy-agent/opa-wasm': ['src/rego/wasm/'],
  '@platformatic/kafka': ['src/sinks/'],
  '@nats-io/transport-node': ['src/sinks/'],
  '@nats-io/jetstream': ['src/sinks/'],
  '@redis/client': ['src/sinks/'],
  aws4fetch: ['src/sinks/'],
  'node:child_process': ['src/cli/'],
  'node:dns': ['src/forward/'],
  'node:http': ['src/receive/', 'src/control/'],
  'node:sqlite': ['src/record/', 'src/vault/'],
  'node:tls': ['src/cli/', 'src/receive/', 'src/sinks/'],
  'node:worker_threads': ['src/cli/'],
}

/** Where the compiler, which can live alone, reaches out of itself: for what builtins need, and for running what OPA built. */
const regoDoors = ['src/rego/builtins/', 'src/rego/wasm/']

/** Files that something outside the sources starts or imports. */
const entries = ['src/cli/main.ts', 'src/cli/streaming-thread.ts', 'src/rego/index.ts']

const bannedFolders = ['utils', 'util', 'helpers', 'common', 'misc', 'shared', 'lib']
// Written apart so that this file does not find itself.
const leftovers = ['FIX' + 'ME', 'TO' + 'DO', 'X' + 'XX', 'HA' + 'CK']

const sources = filesBelow('src', ['.ts', '.tsx'])
const imports = sources.flatMap((path) => importsOf(path))

function roomFault(one: Import): string | undefined {
  const from = roomOf(one.from)
  if (one.to === undefined || from === undefined) return undefined
  const to = roomOf(one.to)
  if (to === undefined)
    return `${one.from}:${one.line} imports \`${one.to}\`, which is not a source: move what it needs into src/`
  if (to === from) return undefined
  const allowed = mayImport[from]
  if (allowed === undefined)
    return `${one.from}: the room \`${from}\` has no row in the import table: add it there and to src/README.md`
  const typed = one.typeOnly && (typesOnly[from]?.includes(to) ?? false)
  if (!allowed.includes(to) && !typed)
    return `${one.from}:${one.line} imports \`${one.to}\`: ${from} may import ${allowed.join(', ') || 'nothing'}; put the shared word into src/model/ or hand it in from src/cli/`
  const door = to.endsWith('.ts') ? `src/${to}` : `src/${to}/index.ts`
  if (one.to !== door) return `${one.from}:${one.line} imports \`${one.to}\` past the door: import ${door}`
  return undefined
}

function packageFault(one: Import): string | undefined {
  if (one.to !== undefined) return undefined
  const name = packageOf(one.specifier)
  if (one.from.startsWith('src/rego/') && !regoDoors.some((door) => one.from.startsWith(door)))
    return `${one.from}:${one.line} imports \`${name}\`: inside rego only rego/builtins/ imports packages and node: modules, and rego/wasm/ what runs OPA's modules`
  const doors = packageDoors[name]
  if (doors === undefined && name.startsWith('node:')) return undefined
  if (doors === undefined)
    return `${one.from}:${one.line} imports \`${name}\`, which has no door: add a row to packageDoors with its reason`
  if (!doors.some((door) => one.from.startsWith(door)))
    return `${one.from}:${one.line} imports \`${name}\`: only ${doors.join(', ')} may; take a port instead`
  return undefined
}

/** Files in a cycle of imports, as one readable chain, or undefined. Types count: two files that need each other's words are one. */
function firstCycle(edges: ReadonlyMap<string, readonly string[]>): string | undefined {
  const state = new Map<string, 'open' | 'done'>()
  const chain: string[] = []
  const visit = (file: string): string | undefined => {
    if (state.get(file) === 'done') return undefined
    if (state.get(file) === 'open') return [...chain.slice(chain.indexOf(file)), file].join(' -> ')
    state.set(file, 'open')
    chain.push(file)
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next)
      if (cycle !== undefined) return cycle
    }
    chain.pop()
    state.set(file, 'done')
    return undefined
  }
  for (const file of edges.keys()) {
    const cycle = visit(file)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function edgesOf(all: readonly Import[]): Map<string, string[]> {
  const edges = new Map<string, string[]>(sources.map((path) => [path, []]))
  for (const one of all) if (one.to !== undefined) edges.get(one.from)?.push(one.to)
  return edges
}

/** What stands in backticks, without the slash of a room. */
const ticked = (text = ''): string[] => [...text.matchAll(/`([^`]+?)\/?`/g)].map((match) => match[1] as string)

/** Rows of the map's tables whose first cell is nothing but words in backticks. */
function mapRows(columns: number): string[][] {
  return textOf('src/README.md')
    .split('\n')
    .map((line) => line.split('|').slice(1, -1))
    .filter((cells) => cells.length === columns && /^ (`[^`]+` ?)+ *$/.test(cells[0] ?? ''))
}

describe('the import table', () => {
  it('is the one that the map shows', () => {
    const everything = Object.keys(mayImport).filter((room) => room !== 'cli')
    const shown = mapRows(3).map(([room, , allowed]) => [
      ticked(room)[0],
      allowed?.trim() === 'everything' ? everything : ticked(allowed),
    ])
    const sorted = ([room, allowed]: readonly [string, readonly string[]]) => [room, [...allowed].sort()]
    expect((shown as [string, string[]][]).map(sorted).sort()).toEqual(Object.entries(mayImport).map(sorted).sort())
  })

  it('is the one that the map shows, for packages too, and has no door that nobody uses', () => {
    const shown = mapRows(2).flatMap(([names, rooms]) =>
      ticked(names).map((name) => `${name}: ${ticked(rooms).sort().join(' ')}`),
    )
    const roomsOf = (doors: readonly string[]) => doors.map((door) => door.replace(/^src\/|\/$/g, '')).sort()
    expect(shown.sort()).toEqual(
      Object.entries(packageDoors)
        .map(([name, doors]) => `${name}: ${roomsOf(doors).join(' ')}`)
        .sort(),
    )
    const unused = Object.entries(packageDoors).flatMap(([name, doors]) =>
      doors
        .filter((door) => !imports.some((one) => packageOf(one.specifier) === name && one.from.startsWith(door)))
        .map((door) => `${name} in ${door}`),
    )
    expect(unused).toEqual([])
  })

  it('holds for every import between rooms, and rooms are entered by their doors', () => {
    expect(imports.map(roomFault).filter((fault) => fault !== undefined)).toEqual([])
  })

  it('keeps each package in its room', () => {
    expect(imports.map(packageFault).filter((fault) => fault !== undefined)).toEqual([])
  })

  it('leaves no cycle between files', () => {
    expect(firstCycle(edgesOf(imports))).toBeUndefined()
  })

  it('names files that exist', () => {
    const missing = imports.filter((one) => one.to !== undefined && !existsSync(join(root, one.to)))
    expect(missing.map((one) => `${one.from}:${one.line} ${one.specifier}`)).toEqual([])
  })

  it('reaches every source from an entry', () => {
    const edges = edgesOf(imports)
    expect(entries.filter((path) => !sources.includes(path))).toEqual([])
    const reached = new Set<string>()
    const queue = [...entries]
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file)) continue
      reached.add(file)
      queue.push(...(edges.get(file) ?? []))
    }
    expect(sources.filter((path) => !reached.has(path))).toEqual([])
  })

  it('gives every room one door and a paragraph in the map', () => {
    const map = textOf('src/README.md')
    const rooms = [...new Set(sources.map(roomOf))].filter((room) => room !== undefined && !room.endsWith('.ts'))
    expect(rooms.filter((room) => room !== 'cli' && !sources.includes(`src/${room}/index.ts`))).toEqual([])
    expect(rooms.filter((room) => !map.includes(`\`${room}/\``))).toEqual([])
  })
})

describe('one door per effect', () => {
  const lines = sources.flatMap((path) =>
    textOf(path)
      .split('\n')
      .map((line, index) => ({ path, line, at: `${path}:${index + 1}` })),
  )

  const effects = [
    {
      note: 'the environment is read in src/cli/main.ts only',
      pattern: /\bprocess\.env\b/,
      doors: ['src/cli/main.ts'],
    },
    {
      note: 'code is made from text in src/rego/emit only',
      pattern: /\bnew Function\b|(?<![.\w])eval\(/,
      doors: ['src/rego/emit/'],
    },
    {
      note: 'the clock is a port',
      pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
      doors: ['src/cli/', 'src/rego/system.ts'],
    },
    {
      note: 'timers are of the clock',
      pattern: /\bset(Timeout|Interval)\(/,
      doors: ['src/cli/clock.ts', 'src/cli/main.ts'],
    },
    {
      note: 'words, folder and signals of the process are read in src/cli/main.ts only',
      pattern: /\bprocess\.(argv|cwd|exit|on)\b/,
      doors: ['src/cli/main.ts'],
    },
    { note: 'chance is a port', pattern: /\bMath\.random\(|\brandomUUID\(/, doors: ['src/cli/'] },
    { note: 'nothing prints but the commands', pattern: /\bconsole\.\w+\(/, doors: ['src/cli/'] },
  ]

  it.each(effects)('$note', ({ pattern, doors }) => {
    const found = lines.filter(
      ({ path, line }) =>
        pattern.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line) && !doors.some((door) => path.startsWith(door)),
    )
    expect(found.map(({ at, line }) => `${at}: ${line.trim()}`)).toEqual([])
  })
})

describe('tidiness', () => {
  const everything = ['src', 'test', 'bench', 'examples', 'policies', 'bin', 'docs'].filter((folder) =>
    existsSync(join(root, folder)),
  )
  const texts = everything.flatMap((folder) =>
    filesBelow(folder, ['.ts', '.md', '.rego', '.yaml', '.json', '.html', '.css']),
  )

  it('has no folder that is a drawer', () => {
    expect(
      texts.filter((path) =>
        path
          .split('/')
          .slice(0, -1)
          .some((folder) => bannedFolders.includes(folder)),
      ),
    ).toEqual([])
  })

  it('leaves no note for later', () => {
    const pattern = new RegExp(`\\b(${leftovers.join('|')})\\b`)
    expect(texts.filter((path) => pattern.test(textOf(path)))).toEqual([])
  })

  it('names files in kebab-case', () => {
    const odd = texts.filter(
      (path) =>
        path.endsWith('.ts') && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.ts$/.test(path.split('/').at(-1) as string),
    )
    expect(odd).toEqual([])
  })

  it('explains every source file in its first lines', () => {
    expect(sources.filter((path) => !/^(#![^\n]*\n)?\/\*\*/.test(textOf(path)))).toEqual([])
  })
})

describe('the fault table and its page', () => {
  it('lists every fault with its status in docs/reference/faults.md, and no other', () => {
    const rows = [...textOf('docs/reference/faults.md').matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map((match) => [
      match[1],
      Number(match[2]),
    ])
    expect(rows).toEqual(Object.entries(faults).map(([code, { status }]) => [code, status]))
  })

  it('uses every row', () => {
    const code = sources
      .filter((path) => path !== 'src/model/fault.ts')
      .map((path) => textOf(path))
      .join('\n')
    expect(Object.keys(faults).filter((fault) => !new RegExp(`['"\`]${fault}['"\`]`).test(code))).toEqual([])
  })

  it('says each row as a sentence for the agent: lower case, no full stop', () => {
    expect(Object.entries(faults).filter(([, { says }]) => !/^[a-z].*[^.]$/.test(says))).toEqual([])
  })
})

describe('these rules themselves', () => {
  const cases: { note: string; one: Import; wanted: RegExp | undefined }[] = [
    {
      note: 'a room that reaches into another',
      one: {
        from: 'src/decide/a.ts',
        line: 3,
        specifier: '../identify/index.ts',
        to: 'src/identify/index.ts',
        typeOnly: false,
      },
      wanted: /decide may import model, rego/,
    },
    {
      note: 'a way past the door',
      one: { from: 'src/cli/a.ts', line: 1, specifier: '../wire/json.ts', to: 'src/wire/json.ts', typeOnly: false },
      wanted: /past the door/,
    },
    {
      note: 'a value where only types may pass',
      one: {
        from: 'src/gateway.ts',
        line: 1,
        specifier: './decide/index.ts',
        to: 'src/decide/index.ts',
        typeOnly: false,
      },
      wanted: /gateway.ts may import model/,
    },
    {
      note: 'types of the rooms in gateway.ts',
      one: {
        from: 'src/gateway.ts',
        line: 1,
        specifier: './decide/index.ts',
        to: 'src/decide/index.ts',
        typeOnly: true,
      },
      wanted: undefined,
    },
    {
      note: 'a room without a row',
      one: {
        from: 'src/attic/a.ts',
        line: 1,
        specifier: '../model/index.ts',
        to: 'src/model/index.ts',
        typeOnly: false,
      },
      wanted: /no row in the import table/,
    },
  ]
  it.each(cases)('judges $note', ({ one, wanted }) => {
    if (wanted === undefined) expect(roomFault(one)).toBeUndefined()
    else expect(roomFault(one)).toMatch(wanted)
  })

  it('finds a package outside its room', () => {
    expect(
      packageFault({ from: 'src/route/a.ts', line: 1, specifier: 'undici', to: undefined, typeOnly: false }),
    ).toMatch(/only src\/forward\//)
    expect(
      packageFault({ from: 'src/rego/plan.ts', line: 1, specifier: 'node:crypto', to: undefined, typeOnly: false }),
    ).toMatch(/rego\/builtins/)
  })

  it('finds a cycle', () => {
    expect(
      firstCycle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['a']],
        ]),
      ),
    ).toBe('a -> b -> c -> a')
    expect(
      firstCycle(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
          ['c', []],
        ]),
      ),
    ).toBeUndefined()
  })

  it('reads imports of every form and ignores comments', () => {
    const text = `import a, { type B } from './b.ts'\nimport type { C } from './c.ts'\nimport { type D, type E } from '../d/index.ts'\nexport { f } from './f.ts'\nimport './g.ts'\n/* import x from './no.ts' */\nconst h = await import('./h.ts')\nimport {\n  i,\n} from './i.ts'\n`
    expect(importsOf('src/x/a.ts', text).map((one) => [one.to, one.typeOnly])).toEqual([
      ['src/x/b.ts', false],
      ['src/x/c.ts', true],
      ['src/d/index.ts', true],
      ['src/x/f.ts', false],
      ['src/x/g.ts', false],
      ['src/x/h.ts', false],
      ['src/x/i.ts', false],
    ])
  })
})
