/** `Location` of an upstream's reply: mapped to the gateway's own address, or removed. */
import { describe, expect, it } from 'vitest'
import { mapLocation } from '../../../src/forward/reply-headers.ts'
import type { HttpTarget } from '../../../src/model/index.ts'
import { fakeCall } from '../../support/upstream.ts'

const target = (prefix: string, basePath: string): HttpTarget =>
  ({
    route: { prefix },
    upstream: { origin: 'https://erp.internal:8443', basePath },
    upstreamPath: '/orders/7?x=1',
  }) as HttpTarget

describe('mapLocation', () => {
  it.each([
    // value, prefix, basePath, publicUrl, wanted
    ['/v1/orders/8', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp/orders/8'],
    ['/v1/orders/8?a=1#b', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp/orders/8?a=1#b'],
    ['https://erp.internal:8443/v1/a', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp/a'],
    ['//erp.internal:8443/v1/a', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp/a'],
    ['8', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp/orders/8'],
    ['?page=2', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp/orders/7?page=2'],
    ['/v1', '/erp', '/v1', 'https://agents.example', 'https://agents.example/erp'],
    ['/a', '/', '', 'https://agents.example', 'https://agents.example/a'],
    ['/a', '', '', 'https://agents.example', 'https://agents.example/a'],
    ['/', '/erp', '', undefined, 'http://agents.example/erp/'],
    ['/orders', '/erp', '', undefined, 'http://agents.example/erp/orders'],
    // Elsewhere: removed.
    ['https://evil.example/v1/a', '/erp', '/v1', undefined, undefined],
    ['http://erp.internal:8443/v1/a', '/erp', '/v1', undefined, undefined],
    ['https://erp.internal/v1/a', '/erp', '/v1', undefined, undefined],
    ['//evil.example/v1/a', '/erp', '/v1', undefined, undefined],
    ['/admin', '/erp', '/v1', undefined, undefined],
    ['/v1/../admin', '/erp', '/v1', undefined, undefined],
    ['/v10/a', '/erp', '/v1', undefined, undefined],
    ['https://user:secret@erp.internal:8443/v1/a', '/erp', '/v1', undefined, undefined],
    ['javascript:alert(1)', '/erp', '', undefined, undefined],
    ['https://[', '/erp', '', undefined, undefined],
  ])('`%s` under %s with base `%s` for %s is %s', (value, prefix, basePath, publicUrl, wanted) => {
    expect(mapLocation(value, fakeCall(), target(prefix, basePath), publicUrl)).toBe(wanted)
  })
})
