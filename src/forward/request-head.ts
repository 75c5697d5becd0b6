/** The header of a request to an upstream, as bytes will be: checked once, as a whole, whatever its parts came from. */

/** Methods whose requests say that they have no body (RFC 9110 section 8.6); others are silent about it. */
const expectsBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** One request line, then fields: a name that is a token, a value without control characters; nothing that is no single byte. */
const headShape =
  /^[A-Z][A-Z0-9_-]{0,31} \/[\x21-\x7e\x80-\xff]* HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n$/

/**
 * `fields` are name, value, name, value ...; `Host`, `Connection` and what delimits the body are added: `bodyBytes` is its length, null
 * when that is not known (RFC 9112 section 6.1). A `TypeError` when it would not be one well-formed header: a mistake of ours, since
 * everything in it was checked where it came in.
 */
export function requestHead(
  method: string,
  path: string,
  host: string,
  fields: readonly string[],
  bodyBytes: number | null,
): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let at = 0; at + 1 < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`
  if (bodyBytes === null) head += 'transfer-encoding: chunked\r\n'
  else if (bodyBytes > 0 || expectsBody.has(method)) head += `content-length: ${bodyBytes}\r\n`
  head += '\r\n'
  if (!headShape.test(head)) throw new TypeError('the header of a request to an upstream is not well-formed')
  return head
}
