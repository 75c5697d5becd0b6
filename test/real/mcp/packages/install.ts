/**
 * Programs of others that the MCP tests and measurements run, installed once into a cache beside the machine's other tools: a
 * folder a version of the list, made whole or not at all. The lists stand beside this file and pin every version.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where `.ci/run` keeps its tools too. */
const cache =
  process.getuid?.() === 0
    ? '/var/cache/gatehouse-tools'
    : join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gatehouse-tools')

/** Folder with the `node_modules` of `packages/node`. Rejects with the installer's last words. */
export function nodePackages(): Promise<string> {
  const list = join(import.meta.dirname, 'node')
  const files = ['package.json', 'package-lock.json']
  return installed(
    'mcp-node',
    files.map((name) => join(list, name)),
    async (folder) => {
      for (const name of files) copyFileSync(join(list, name), join(folder, name))
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
    },
  )
}

/** The `python` of an environment with `packages/python`. Rejects with the installer's last words. */
export async function python(): Promise<string> {
  const list = join(import.meta.dirname, 'python/requirements.txt')
  const folder = await installed('mcp-python', [list], async (draft) => {
    await run('python3', ['-m', 'venv', draft], draft)
    await run(join(draft, 'bin/python'), ['-m', 'pip', 'install', '-q', '--no-deps', '-r', list], draft)
  })
  return join(folder, 'bin/python')
}

/** Folder with the programs `client` and `server` of `packages/go`. Rejects with the compiler's last words. */
export function goPrograms(): Promise<string> {
  const list = join(import.meta.dirname, 'go')
  const sources = ['go.mod', 'go.sum', 'client/main.go', 'server/main.go'].map((name) => join(list, name))
  return installed('mcp-go', sources, (draft) => run('go', ['build', '-o', draft, './...'], list))
}

/** Folder with `bin/` of the programs of `packages/rust`; the first time they are compiled for minutes. Rejects as the others. */
export function rustPrograms(): Promise<string> {
  const list = join(import.meta.dirname, 'rust/programs.txt')
  return installed('mcp-rust', [list], async (draft) => {
    for (const program of linesOf(list)) await run('cargo', ['install', program, '--locked', '--root', draft], draft)
  })
}

/** What the lists pin, by language and name. */
export function packageVersions(): Record<'node' | 'python' | 'rust', Readonly<Record<string, string>>> {
  const at = (path: string): string => join(import.meta.dirname, path)
  const pinned = (path: string, mark: string): Record<string, string> =>
    Object.fromEntries(linesOf(at(path)).map((line) => line.split(mark) as [string, string]))
  const { dependencies } = JSON.parse(readFileSync(at('node/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return {
    node: dependencies,
    python: pinned('python/requirements.txt', '=='),
    rust: pinned('rust/programs.txt', '@'),
  }
}

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** The folder for what `sources` say, filled by `fill` where it is not there yet. Two that fill at once: one wins. */
async function installed(
  name: string,
  sources: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) hash.update(readFileSync(source))
  const folder = join(cache, `${name}-${process.version}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const draft = mkdtempSync(join(cache, `${name}-draft-`))
  try {
    await fill(draft)
    if (!existsSync(folder)) renameSync(draft, folder)
    return folder
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Characters of an installer's last words that an error repeats. */
const wordsMax = 2_000

async function run(command: string, words: readonly string[], cwd: string): Promise<void> {
  // An installer that is a script finds the Node that runs this.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
  const child = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-wordsMax)
    })
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`\`${command} ${words.join(' ')}\` ended with status ${status}: ${said}`)
}
