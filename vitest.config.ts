import { defineConfig } from 'vitest/config'

export default defineConfig({
  // As many workers as cores; the runner's own default leaves one core idle.
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 30_000, maxWorkers: '100%' },
})
