/** The small grammars: lengths of time, sizes, loopback names, and what somebody probably meant. */
import { describe, expect, it } from 'vitest'
import { formatDuration, formatSize, isLoopback, nearest, parseDuration, parseSize } from '../../../src/model/index.ts'

describe('lengths of time and sizes', () => {
  it.each([
    ['0ms', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['', undefined],
    ['30', undefined],
    ['s', undefined],
    ['1.5h', undefined],
    ['-1s', undefined],
    ['+1s', undefined],
    ['01s', undefined],
    ['1 s', undefined],
    ['1S', undefined],
    ['1s\n', undefined],
    ['1h30m', undefined],
    ['1e3s', undefined],
    ['١s', undefined],
    ['999999999999999d', undefined],
    ['9999999999999999s', undefined],
  ])('`%s` is %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    ['0B', 0],
    ['512B', 512],
    ['16KiB', 16_384],
    ['64MiB', 67_108_864],
    ['4GiB', 4_294_967_296],
    ['64MB', undefined],
    ['64mib', undefined],
    ['64', undefined],
    ['999999999999999GiB', undefined],
  ])('`%s` is %s bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it('are written in the largest unit that is exact, and read back the same', () => {
    for (const ms of [0, 1, 999, 1_000, 90_000, 3_600_000, 86_400_000, 86_400_001])
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    for (const bytes of [0, 1, 1_024, 1_025, 2 ** 20, 3 * 2 ** 30]) expect(parseSize(formatSize(bytes))).toBe(bytes)
    expect([formatDuration(90_000), formatDuration(86_400_000), formatSize(2 ** 20)]).toEqual(['90s', '1d', '1MiB'])
  })
})

describe('loopback', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', '[::1]', 'localhost', 'LOCALHOST', 'localhost.', 'a.localhost'])(
    'is `%s`',
    (host) => {
      expect(isLoopback(host)).toBe(true)
    },
  )

  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.0.0.1.example.com',
    '127.1',
    'localhost.example.com',
    '::2',
    '',
  ])('is not `%s`', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})

describe('what was probably meant', () => {
  const names = ['listeners', 'issuers', 'agents', 'upstreams', 'routes', 'erp']
  it.each([
    { word: 'listenrs', meant: 'listeners' },
    { word: 'Agents', meant: 'agents' },
    { word: 'agnets', meant: 'agents' },
    { word: 'upstream', meant: 'upstreams' },
    { word: 'epr', meant: 'erp' },
    { word: 'x', meant: undefined },
    { word: 'xy', meant: undefined },
    { word: 'database', meant: undefined },
    { word: '', meant: undefined },
    { word: 'r'.repeat(100_000), meant: undefined },
  ])('by `$word` is $meant', ({ word, meant }) => {
    expect(nearest(word, names)).toBe(meant)
  })
})
