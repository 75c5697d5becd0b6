/** Files that change, come, go or are swapped by symlink are noticed at the next look, and no change is lost in between. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { watchFiles } from '../../../src/cli/watch.ts'
import { fakeClock } from '../../support/clock.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function world() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-watch-'))
  folders.push(folder)
  writeFileSync(join(folder, 'a.yaml'), 'one')
  mkdirSync(join(folder, 'policies'))
  const clock = fakeClock()
  const seen: number[] = []
  let during = () => {}
  const watch = await watchFiles({
    paths: () => [join(folder, 'a.yaml'), join(folder, 'policies'), join(folder, 'later.pem')],
    clock,
    changed: async () => {
      seen.push(seen.length)
      during()
    },
    failed: (cause) => {
      throw cause
    },
  })
  return { folder, clock, seen, watch, whileChanging: (run: () => void) => (during = run) }
}

const changes: { note: string; change: (folder: string) => void }[] = [
  { note: 'a file is written', change: (folder) => writeFileSync(join(folder, 'a.yaml'), 'two') },
  {
    note: 'a file is replaced by one of the same size',
    change: (folder) => {
      writeFileSync(join(folder, '.draft'), 'eno')
      renameSync(join(folder, '.draft'), join(folder, 'a.yaml'))
    },
  },
  {
    note: 'a file comes into a folder',
    change: (folder) => writeFileSync(join(folder, 'policies', 'b.rego'), 'package b'),
  },
  { note: 'a watched file that was absent comes', change: (folder) => writeFileSync(join(folder, 'later.pem'), 'pem') },
  { note: 'a file goes', change: (folder) => rmSync(join(folder, 'a.yaml')) },
  {
    note: 'a folder is swapped by symlink',
    change: (folder) => {
      mkdirSync(join(folder, 'next'))
      writeFileSync(join(folder, 'next', 'c.rego'), 'package c')
      rmSync(join(folder, 'policies'), { recursive: true })
      symlinkSync(join(folder, 'next'), join(folder, 'policies'))
    },
  },
]

describe('watchFiles', () => {
  it.each(changes)('tells once when $note', async ({ change }) => {
    const { folder, clock, seen } = await world()
    change(folder)
    await clock.settled(() => seen.length === 1, 1_000)
    await clock.advance(1_000)
    await clock.advance(1_000)
    expect(seen).toHaveLength(1)
  })

  it('stays quiet when nothing changed, and for drafts of editors', async () => {
    const { folder, clock, seen } = await world()
    writeFileSync(join(folder, 'policies', '.b.rego.swp'), 'draft')
    await clock.advance(1_000)
    await clock.advance(1_000)
    expect(seen).toHaveLength(0)
  })

  it('tells again about a change that came while the first one was taken in', async () => {
    const { folder, clock, seen, whileChanging } = await world()
    whileChanging(() => {
      if (seen.length === 1) writeFileSync(join(folder, 'a.yaml'), 'while it was read')
    })
    writeFileSync(join(folder, 'a.yaml'), 'two')
    await clock.settled(() => seen.length === 1, 1_000)
    await clock.settled(() => seen.length === 2, 1_000)
  })

  it('is silent after close', async () => {
    const { folder, clock, seen, watch } = await world()
    watch.close()
    writeFileSync(join(folder, 'a.yaml'), 'two')
    await clock.advance(5_000)
    expect(seen).toHaveLength(0)
  })
})
