/** Folders of a run: on the checkout's disk, not in the system's temp folder, which is often memory, where a sync costs nothing. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './machine.ts'

/** Makes an empty one, which whoever made it removes. */
export function makeFolder(name: string): string {
  const parent = join(root, '.cache/bench')
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, `${name}-`))
}

/** Runs `work` in one that is empty, and is gone afterwards. */
export async function inFolder<Result>(name: string, work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = makeFolder(name)
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
