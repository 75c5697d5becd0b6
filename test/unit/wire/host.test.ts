/** Hosts: one form for each, and none that looks like another. */
import { describe, expect, it } from 'vitest'
import { parseHost } from '../../../src/wire/index.ts'

describe('parseHost', () => {
  it.each([
    ['example.com', 'http', 'example.com'],
    ['EXAMPLE.com:80', 'http', 'example.com'],
    ['example.com:443', 'https', 'example.com'],
    ['example.com:443', 'http', 'example.com:443'],
    ['example.com:0080', 'http', 'example.com'],
    ['example.com:', 'http', 'example.com'],
    ['127.0.0.1:8080', 'http', '127.0.0.1:8080'],
    ['[::1]:8080', 'http', '[::1]:8080'],
    ['[::1]', 'http', '[::1]'],
    ['my_service', 'http', 'my_service'],
  ] as const)('reads `%s` over %s as `%s`', (value, scheme, wanted) => {
    expect(parseHost(value, scheme)).toBe(wanted)
  })

  it.each([
    '',
    ':80',
    'a b',
    'example.com.',
    '.example.com',
    'a..b',
    '-a.com',
    'a-.com',
    'user@example.com',
    'example.com@evil.com',
    'example.com:80:80',
    'example.com:http',
    'example.com:65536',
    'example.com:0',
    'example.com:-1',
    'example.com/path',
    'example.com?x',
    'example.com#x',
    'exa%6dple.com',
    'exämple.com',
    'a,b',
    '[::1',
    '::1',
    '[::1%25eth0]',
    '[example.com]',
    '[::1]x',
    `${'a'.repeat(254)}`,
  ])('refuses `%s`', (value) => {
    expect(() => parseHost(value, 'http')).toThrow(expect.objectContaining({ code: 'host_refused' }))
  })
})
