/** The header of a request to an upstream as text, a character a byte, each part of it checked wherever it came from. */

/** Methods that give a body a meaning: their requests say that they have none (RFC 9110 section 8.6), others are silent about it. */
const expectsBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

const methodShape = /^[A-Z][A-Z0-9_-]{0,31}$/
const pathShape = /^\/[\x21-\x7e\x80-\xff]*$/
const nameShape = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const valueShape = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Whether another request may come behind this one. Not where the method gives its body no meaning (RFC 9110 sections 9.3.1, 9.3.5): a
 * service that passes over such a body takes it for the next request, and the next call would get the reply to that. Nor behind a
 * HEAD: a service that replies with a body all the same would have it taken for the reply to the next call.
 */
export function keepsConnection(method: string, bodyBytes: number | null): boolean {
  return method !== 'HEAD' && (bodyBytes === 0 || expectsBody.has(method))
}

/**
 * `fields` are name, value, name, value ...; `Host`, `Connection` and what delimits the body are added: `bodyBytes` is its length, null
 * when that is not known (RFC 9112 section 6.1). A `TypeError` for what would not stay in its line: a mistake of ours, since everything
 * in it was checked where it came in.
 */
export function requestHead(
  method: string,
  path: string,
  host: string,
  fields: readonly string[],
  bodyBytes: number | null,
): string {
  if (!methodShape.test(method) || !pathShape.test(path) || !valueShape.test(host)) throw malformed('request line')
  const connection = keepsConnection(method, bodyBytes) ? 'keep-alive' : 'close'
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n`
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (!nameShape.test(name) || !valueShape.test(value)) throw malformed(`field \`${name.slice(0, 80)}\``)
    head += `${name}: ${value}\r\n`
  }
  if (bodyBytes === null) head += 'transfer-encoding: chunked\r\n'
  else if (bodyBytes > 0 || expectsBody.has(method)) head += `content-length: ${bodyBytes}\r\n`
  return `${head}\r\n`
}

function malformed(what: string): TypeError {
  return new TypeError(`the ${what} of a request to an upstream is not well-formed`)
}
