/** URLs of the configuration: their hosts, and what the URL of an upstream says. */
import { nearest } from '../model/index.ts'
import { developmentServices } from './schema.ts'

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

export type UpstreamUrl =
  /** A service that development mode runs itself. */
  | { readonly kind: 'development'; readonly origin: string; readonly basePath: '' }
  | {
      readonly kind: 'http'
      readonly scheme: 'http' | 'https'
      readonly host: string
      readonly port: number
      /** `http://host:port`, the port always written. */
      readonly origin: string
      /** Empty, or begins with `/` and does not end with it. */
      readonly basePath: string
    }

/** Reads `https://host:port/base` or `development:NAME`; else says what is wrong with it. */
export function parseUpstreamUrl(text: string): UpstreamUrl | { readonly problem: string; readonly fix: string } {
  const fix = 'write for example `https://erp.internal.example.com`'
  if (text.startsWith('development:')) {
    const name = text.slice('development:'.length)
    const services: readonly string[] = developmentServices
    if (services.includes(name)) return { kind: 'development', origin: text, basePath: '' }
    const meant = nearest(name, services)
    return {
      problem: `development mode has no service \`${name.slice(0, 60)}\``,
      fix:
        meant === undefined
          ? `there is ${services.map((one) => `\`${one}\``).join(', ')}`
          : `did you mean \`development:${meant}\`?`,
    }
  }
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    return { problem: 'must be a URL that begins with `http://` or `https://`', fix }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    return {
      problem: 'a URL here carries no name or password',
      fix: 'remove what stands before `@` and write `credential:`',
    }
  if (/[?#]/.test(text))
    return { problem: 'a URL here has no query and no fragment', fix: 'remove what begins with `?` or `#`' }
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  const basePath = url.pathname.replace(/\/$/, '')
  // The URL class resolves dot segments and more; what it had to change was not what somebody meant.
  const writtenPath = text.replace(/^https?:\/\/[^/]*/, '')
  if (writtenPath !== '' && writtenPath !== url.pathname)
    return {
      problem: 'the path can be written in more than one way',
      fix: 'write it without dot segments, percent-encoded as RFC 3986 says',
    }
  if (/\/\//.test(basePath)) return { problem: 'the path has an empty segment', fix: 'remove the second `/`' }
  return { kind: 'http', scheme, host: hostOf(url), port, origin: `${scheme}://${url.hostname}:${port}`, basePath }
}
