/**
 * Where tests keep their temporary files: in memory where there is room, because a disk that takes its time for every sync makes them wait
 * for most of theirs. A run has a folder of its own there, which goes with the process that began it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Linux keeps what lies there in memory (shm_overview(7)). */
const memory = '/dev/shm'
/** Bytes: a run of all tests on two workers held 170 MiB at its height; containers often have 64 MiB there. */
const freeBytesMin = 1024 ** 3

/** A new folder in memory, removed when this process ends; undefined where there is too little room or no program may be run from. */
export function quickFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(memory)
    if (bavail * bsize < freeBytesMin) return undefined
    const made = mkdtempSync(join(memory, 'gatehouse-tests-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    // Some systems mount it so that nothing can be run from there, which packages and scripts of tests are.
    const script = join(made, 'runs')
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o700 })
    execFileSync(script)
    return made
  } catch {
    // Tests run on the disk as everywhere else.
    return undefined
  }
}
