/**
 * A gateway as the npm package `mcp-proxy` makes one of its `proxyServer` and its HTTP server, on the official SDK, before one server:
 * `mcp-proxy-gateway.mjs PORT URL`. Set as its own command sets it: one client upstream, sessions and event store on, both eras.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Server } from '@modelcontextprotocol/server'
import { proxyServer, startHTTPServer } from 'mcp-proxy'

const [port, url] = process.argv.slice(2)
const client = new Client({ name: 'mcp-proxy', version: '1.0.0' }, { capabilities: {} })
await client.connect(new StreamableHTTPClientTransport(new URL(url)))
const serverCapabilities = client.getServerCapabilities()
await startHTTPServer({
  host: '127.0.0.1',
  port: Number(port),
  createServer: async () => {
    const server = new Server(client.getServerVersion(), { capabilities: serverCapabilities })
    await proxyServer({ client, server, serverCapabilities })
    return server
  },
})
