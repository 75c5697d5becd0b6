/**
 * How the tests are run. Without `CI` they are as quick as their promises let them be: on files in memory, and with smaller numbers of
 * generated cases (each says its own); with it they meet the disk.
 */
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { quickFolder } from './test/support/quick-folder.ts'

const folder = process.env.CI === undefined && process.env.TMPDIR === undefined ? quickFolder() : undefined

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // As many workers as cores; the runner's own default leaves one core idle.
    maxWorkers: '100%',
    // Files of one worker share modules, which saves a quarter of the time: no module keeps what one test could see of another.
    isolate: false,
    env: {
      ...(folder === undefined ? {} : { TMPDIR: folder }),
      // Of the programs that tests start: most start more than once.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(import.meta.dirname, '.cache/compiled-tests'),
    },
  },
})
