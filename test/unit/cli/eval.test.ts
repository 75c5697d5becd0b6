/** `gatehouse eval` as a shell calls it: results, forms, exit statuses and errors. Each case has its own folder. The comparison with `opa` is in test/agree. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { runWords } from '../../../src/cli/main.ts'
import { folderOf } from '../../support/files.ts'
import { makeFakeIo } from '../../support/io.ts'

const files = {
  'p/a.rego':
    'package a\n\nallow if input.x > data.limit\n\nlines contains line if { some line in ["b", "a"]; print("seen", line) }\n',
  'p/data.json': '{"limit": 2}',
  'input.json': '{"x": 3}',
  'input.yaml': 'x: 1\n',
  'bad.rego': 'package b\np if {\n\tq(2\n}\n',
  'unsafe.rego': 'package b\np := z\n',
  'schema.json': '{"type": "object", "properties": {"x": {"type": "string"}}}',
  'capabilities.json':
    '{"builtins": [{"name": "eq", "decl": {"args": [{"type": "any"}, {"type": "any"}], "result": {"type": "boolean"}}, "infix": "="}], "allow_net": []}',
}

interface Run {
  readonly status: number
  readonly out: string
  readonly err: string
}

async function run(words: readonly string[], input?: string): Promise<Run> {
  const io = makeFakeIo({
    directory: folderOf(files),
    clock: systemClock,
    environment: { HOME: '/home/x', EMPTY: undefined },
    ...(input !== undefined && { input }),
  })
  const status = await runWords(['eval', ...words], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

const raw = ['--format', 'raw']

describe('gatehouse eval', () => {
  it.each([
    { words: ['data.a.allow', '-d', 'p', '-i', 'input.json'], status: 0, out: 'true\n' },
    { words: ['data.a.allow', '-d', 'p', '-i', 'input.yaml'], status: 0, out: '' },
    { words: ['data.a.allow', '-d', 'p', '-I'], input: '{"x": 9}', status: 0, out: 'true\n' },
    { words: ['--stdin', '-d', 'p'], input: 'data.limit + 1', status: 0, out: '3\n' },
    { words: ['data.a.allow', '-d', 'p', '-i', 'input.yaml', '--fail'], status: 1, out: '' },
    { words: ['data.limit', '-d', 'p', '--fail'], status: 0, out: '2\n' },
    { words: ['data.limit', '-d', 'p', '--fail-defined'], status: 1, out: '2\n' },
    { words: ['data.none', '--fail-defined'], status: 0, out: '' },
    { words: ['data.limit', '-b', 'p'], status: 0, out: '2\n' },
    { words: ['allow', '--package', 'a', '-d', 'p', '-i', 'input.json'], status: 0, out: 'true\n' },
    { words: ['l', '--import', 'data.limit as l', '-d', 'p'], status: 0, out: '2\n' },
    { words: ['true or false', '--import', 'future.keywords.or'], status: 0, out: 'true\n' },
    { words: ['data', '-d', 'p', '--ignore', '*.rego,*.yaml'], status: 0, out: '{"limit":2}\n' },
    { words: ['opa.runtime().env'], status: 0, out: '{"HOME":"/home/x"}\n' },
    { words: ['1/0'], status: 0, out: '' },
    { words: ['null; "text"; {"b": 1, "a": {2, 1}}'], status: 0, out: 'null text {"a":[1,2],"b":1}\n' },
    { words: ['12345678901234567890 + 1'], status: 0, out: '12345678901234567891\n' },
  ])('of $words ends with $status and $out', async ({ words, input, status, out }) => {
    expect(await run([...words, ...raw], input)).toEqual({ status, out, err: '' })
  })

  it.each([
    {
      words: ['data.b', '-d', 'bad.rego'],
      status: 2,
      err: /^1 error occurred: bad.rego:4: rego_parse_error: .*\n\t}\n\t\^\n/,
    },
    {
      words: ['data.b', '-d', 'unsafe.rego'],
      status: 2,
      err: /^1 error occurred: unsafe.rego:2: rego_unsafe_var_error: var z is unsafe\n/,
    },
    { words: ['data.b', '-d', 'none'], status: 2, err: /stat none: no such file/ },
    { words: ['1/0', '--strict-builtin-errors'], status: 2, err: /1\/0: eval_builtin_error: div: divide by zero/ },
    { words: ['x.y', '-i', 'none'], status: 2, err: /open none: no such file/ },
    { words: ['input', '-I'], input: '[1', status: 2, err: /unable to parse input/ },
    { words: ['input.x > 1', '-d', 'p', '-s', 'none'], status: 2, err: /1 error occurred during loading: stat none/ },
    { words: ['1 + 1', '--capabilities', 'capabilities.json'], status: 2, err: /undefined function plus/ },
    { words: ['1', '--capabilities', 'v9.9.9'], status: 1, err: /name a file as `opa capabilities` prints it/ },
    {
      words: ['data.limit.x := 1', '-d', 'p', '--timeout', 'soon'],
      status: 1,
      err: /`--timeout` takes a length of time/,
    },
    { words: [], status: 1, err: /specify query argument or `--stdin`/ },
    { words: ['1', '--stdin'], status: 1, err: /but not both/ },
    { words: ['1', '-I', '-i', 'input.json'], status: 1, err: /specify `--stdin-input` or `--input` but not both/ },
    { words: ['1', '--fail', '--fail-defined'], status: 1, err: /but not both/ },
    { words: ['1', '-p'], status: 1, err: /`eval` does not take `--partial`: policies are compiled/ },
    { words: ['1', '--v0-compatible'], status: 1, err: /does not take `--v0-compatible`: policies are Rego v1/ },
    { words: ['1', '-t', 'wasm'], status: 1, err: /`--target` takes rego, not `wasm`/ },
    { words: ['-Q', '1'], status: 1, err: /no flag `-Q`/ },
    { words: ['data.limit', '-d', 'p', '-d', 'p'], status: 2, err: /p\/data.json: merge error/ },
  ])('of $words is refused with $status and $err', async ({ words, input, status, err }) => {
    const ran = await run([...words, ...raw], input)
    expect(ran).toMatchObject({ status, out: '' })
    expect(ran.err).toMatch(err)
  })

  it('types the input by a schema', async () => {
    const directory = { words: ['data.c.p', '-s', 'schema.json', '-d', 'c.rego'] }
    const io = makeFakeIo({ directory: folderOf({ ...files, 'c.rego': 'package c\np if input.x + 1 == 2\n' }) })
    expect(await runWords(['eval', ...directory.words], io)).toBe(2)
    expect(JSON.parse(io.stdout.text)).toMatchObject({
      errors: [{ code: 'rego_type_error', location: { file: 'c.rego', row: 2 } }],
    })
  })

  it('prints what `print` says to standard error, and once however often it must start again for the network', async () => {
    const server = createServer((request, reply) => reply.end(JSON.stringify({ path: request.url })))
    onTestFinished(() => {
      server.close()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const send = (path: string): string =>
      `http.send({"method": "get", "url": "${url}/${path}", "force_json_decode": true})`
    const query = `print("first"); ${send('a')}.body.path == "/a"; ${send('b')}.status_code`
    expect(await run([query, ...raw])).toEqual({ status: 0, out: 'true true 200\n', err: 'first\n' })
    const refused = await run([send('a'), ...raw, '--strict-builtin-errors', '--capabilities', 'capabilities.json'])
    expect(refused).toMatchObject({ status: 2, out: '' })
    expect(await run(['data.a.lines', '-d', 'p', ...raw])).toEqual({
      status: 0,
      out: '["a","b"]\n',
      err: 'seen b\nseen a\n',
    })
  })

  it('reaches only the hosts that capabilities allow', async () => {
    const everything = JSON.stringify({ allow_net: ['example.invalid'] })
    const io = makeFakeIo({ directory: folderOf({ 'net.json': everything }), clock: systemClock })
    const query = 'http.send({"method": "get", "url": "http://127.0.0.1:1/", "raise_error": false}).error.message'
    expect(await runWords(['eval', query, ...raw, '--capabilities', 'net.json'], io)).toBe(0)
    expect(io.stdout.text).toContain('unallowed host: 127.0.0.1')
  })

  it('breaks off what takes longer than it may', async () => {
    const endless =
      'count([1 | some x, y, z; numbers.range(1, 600)[x]; numbers.range(1, 600)[y]; numbers.range(1, 600)[z]; x + y + z < 0])'
    const before = performance.now()
    const { status, out } = await run([endless, '--timeout', '50ms'])
    expect(JSON.parse(out)).toMatchObject({ errors: [{ code: 'eval_cancel_error' }] })
    expect(status).toBe(2)
    expect(performance.now() - before).toBeLessThan(5_000)
  })

  it('shows errors of built-in functions beside results where it is asked to', async () => {
    const { status, out } = await run(['{x: y | some x in [0, 1]; y := 1 / x}', '--show-builtin-errors'])
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      errors: [{ message: 'div: divide by zero', code: 'eval_builtin_error' }],
      result: [{ expressions: [{ value: { 1: 1 } }] }],
    })
  })

  it('measures once, or gives statistics of several runs', async () => {
    const once = JSON.parse((await run(['1', '--metrics'])).out)
    expect(Object.keys(once.metrics)).toEqual([
      'timer_rego_load_files_ns',
      'timer_rego_module_compile_ns',
      'timer_rego_query_compile_ns',
      'timer_rego_query_eval_ns',
    ])
    const often = JSON.parse((await run(['1', '--metrics', '--count', '3'])).out)
    expect(often.metrics).toBeUndefined()
    expect(often.aggregated_metrics.timer_rego_query_eval_ns).toMatchObject({ count: 3 })
    const { min, median, max } = often.aggregated_metrics.timer_rego_query_eval_ns
    expect(min <= median && median <= max).toBe(true)
  })
})
