/** The servers of the matrix: each a program of its own on the SDK that its name says, with sessions or without as that SDK has it. */
import { join } from 'node:path'
import { everythingSteps, ownSteps, type Step } from './steps.ts'

export interface Places {
  /** A folder whose `node_modules` is the cache's, with copies of the programs that look there. */
  readonly node: string
  readonly python: string
  readonly go: string
}

export interface PeerServer {
  readonly name: string
  readonly version: string
  /** The command that serves on a port of loopback. */
  command(places: Places, port: number): readonly [string, ...string[]]
  readonly env?: (port: number) => { readonly [name: string]: string }
  readonly path: string
  readonly steps: readonly Step[]
  /** Tools that it offers only to clients that declare a capability, which the SDKs do or do not by default. */
  readonly conditionalTools?: readonly string[]
}

const program = (name: string): string => join(import.meta.dirname, 'programs', name)

export const peerServers: readonly PeerServer[] = [
  {
    name: 'sdk-v1',
    version: '1.32.2',
    command: ({ node }, port) => [process.execPath, join(node, 'server-v1.mjs'), String(port)],
    path: '/mcp',
    steps: ownSteps,
  },
  {
    name: 'sdk-v2',
    version: '2.4.0',
    command: (_, port) => [process.execPath, program('server-v2.ts'), String(port)],
    path: '/mcp',
    steps: ownSteps,
  },
  {
    name: 'everything',
    version: '2026.8.31',
    command: ({ node }) => [process.execPath, join(node, 'node_modules/.bin/mcp-server-everything'), 'streamableHttp'],
    env: (port) => ({ PORT: String(port) }),
    path: '/mcp',
    steps: everythingSteps,
    conditionalTools: ['get-roots-list'],
  },
  {
    name: 'fastmcp',
    version: '4.1.2',
    command: ({ python }, port) => [python, program('server.py'), String(port)],
    path: '/mcp',
    steps: ownSteps,
  },
  {
    name: 'go-sdk',
    version: '1.8.0',
    command: ({ go }, port) => [join(go, 'server'), String(port)],
    path: '/mcp',
    steps: ownSteps,
  },
  {
    name: 'go-sdk-stateless',
    version: '1.8.0',
    command: ({ go }, port) => [join(go, 'server'), String(port), 'stateless'],
    path: '/mcp',
    steps: ownSteps,
  },
]
