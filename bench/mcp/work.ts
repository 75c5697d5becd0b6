/** What the MCP benchmark does: tools as servers define them, and messages of both eras with arguments of a given size. */

/** Bytes of a call's arguments as JSON. */
export const argumentSizes = { small: 300, medium: 16_000, large: 256_000 } as const

/** The tool that is called; every server of the benchmark has it first. */
export const calledTool = 'create_purchase_order'

/** `count` tools of server `number`, about 700 bytes of JSON each; the last one is `delete_everything`, which policy hides. */
export function definitionsOf(count: number, number: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => {
    const own = number === 0 && index === 0
    const hidden = index === count - 1
    return {
      name: own ? calledTool : hidden ? 'delete_everything' : `read_report_${number}_${index}`,
      title: own ? 'Draft a purchase order' : `Report ${index}`,
      description:
        'Makes or reads what its name says, for the cost center and the currency that are given. Look ids up first when unsure; amounts are totals in the currency.',
      inputSchema: {
        type: 'object',
        properties: {
          vendor_id: { type: 'string', minLength: 1, maxLength: 32, description: 'Who is to deliver.' },
          currency: { type: 'string', enum: ['EUR', 'USD', 'GBP'], description: 'ISO 4217.' },
          amount: { type: 'number', exclusiveMinimum: 0, description: 'Total, all lines included.' },
          lines: { type: 'array', items: { type: 'object' }, description: 'What is ordered.' },
          notes: { type: 'string', description: 'Free text.' },
        },
        ...(own && { required: ['vendor_id', 'currency', 'amount'] }),
      },
      annotations: { readOnlyHint: !own },
    }
  })
}

/** Arguments that the policy of the benchmark allows: lines as real orders have them, filled up with notes to `bytes`. */
export function argumentsOf(bytes: number): object {
  const lines = Array.from({ length: bytes <= 300 ? 1 : Math.floor(bytes / 400) }, (_, index) => ({
    sku: `SKU-${1000 + index}`,
    qty: 1 + (index % 5),
    unit_price: 10.25,
    text: 'Spare part',
  }))
  const order = { vendor_id: 'v-017', currency: 'EUR', amount: 1250.5, cost_center: 'cc-42', lines, notes: '' }
  const base = JSON.stringify(order).length
  return { ...order, notes: 'Lieferung bis Freitag. '.repeat(bytes).slice(0, Math.max(0, bytes - base)) }
}

export type Era = '2025-11-25' | '2026-07-28'

/** A request of an era as text, and the headers that the era wants with it. */
export function requestOf(
  era: Era,
  id: number,
  method: string,
  params: { readonly [name: string]: unknown },
): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': era,
  }
  if (era === '2025-11-25') return { body: JSON.stringify({ jsonrpc: '2.0', id, method, params }), headers }
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': era,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  }
  const name = typeof params.name === 'string' ? { 'mcp-name': params.name } : {}
  return {
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
    headers: { ...headers, 'mcp-method': method, ...name },
  }
}
