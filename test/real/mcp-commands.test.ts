/** `gatehouse tools` and `gatehouse call` against a server on the official SDK: everything that its tools answer, ask for and tell on the way. */
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'
import { type Fixture, startFixture } from './mcp/fixture/start.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
}, 30_000)
afterAll(() => fixture.end())

async function run(...words: string[]): Promise<{ status: number; out: string; err: string }> {
  const io = makeFakeIo({ directory: tmpdir(), clock: systemClock })
  const status = await runWords([...words, '--url', fixture.url], io)
  return { status, out: io.stdout.text, err: io.stderr.text }
}

const answered = (out: string, err = '') => ({ status: 0, out, err })
const calls: readonly { tool: string; args?: readonly string[]; wanted: object }[] = [
  { tool: 'test_simple_text', wanted: answered('This is a simple text response for testing.\n') },
  { tool: 'test_image_content', wanted: answered('[image, image/png, 70 bytes; `--format json` has it]\n') },
  {
    tool: 'test_embedded_resource',
    wanted: answered('[resource test://embedded-resource, text/plain]\nThis is an embedded resource content.\n'),
  },
  {
    tool: 'test_tool_with_progress',
    wanted: answered('done\n', 'progress 0 of 100\nprogress 50 of 100\nprogress 100 of 100\n'),
  },
  {
    tool: 'test_tool_with_logging',
    wanted: answered(
      'logged\n',
      'info: Tool execution started\ninfo: Tool processing data\ninfo: Tool execution completed\n',
    ),
  },
  { tool: 'test_mirrored_argument', args: ['region=Zürich'], wanted: answered('region Zürich\n') },
  {
    tool: 'test_error_handling',
    wanted: {
      status: 1,
      out: 'This tool intentionally returns an error for testing\n',
      err: 'gatehouse: the tool `test_error_handling` answered that it failed\n',
    },
  },
  {
    tool: 'json_schema_2020_12_tool',
    args: ['contactMethod=phone'],
    wanted: { status: 1, out: expect.stringMatching(/must have required property 'phone'/) },
  },
  {
    tool: 'json_schema_2020_12_tool',
    args: ['contactMethod=fone'],
    wanted: { status: 2, out: '', err: expect.stringMatching(/takes `phone`, `email`, not `fone`/) },
  },
  {
    tool: 'test_input_required_result_elicitation',
    wanted: {
      status: 1,
      out: '',
      err: expect.stringMatching(
        /asks for more before it does anything.*\n {2}user_name: elicitation\/create\n {4}What is your name\?\n {4}name {2}string {2}required\n$/,
      ),
    },
  },
  {
    tool: 'test_missing_capability',
    wanted: {
      status: 1,
      out: '',
      err: expect.stringMatching(/error -32021, .*asks for what this client cannot do.*"requiredCapabilities"/),
    },
  },
]

it.each(calls)('calls $tool with $args', async ({ tool, args = [], wanted }) => {
  expect(await run('call', tool, ...args.flatMap((arg) => ['--arg', arg]))).toMatchObject(wanted)
})

it('lists and shows every tool, and finds the same digests again', async () => {
  const { tools, revision } = JSON.parse((await run('tools', 'list')).out)
  expect(revision).toBe('2026-07-28')
  expect(tools.length).toBeGreaterThan(20)
  const [{ name, digest }] = tools
  expect(await run('tools', 'show', name)).toMatchObject({ status: 0, out: expect.stringContaining(digest) })
  expect(await run('call', name, '--digest', digest)).toMatchObject({ status: 0 })
})
