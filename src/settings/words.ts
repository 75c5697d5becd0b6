/**
 * The words in which settings are written, as pieces of a schema: lengths of time, sizes, counts, names, paths, secrets,
 * addresses. Whoever adds a setting takes them from here, so that nobody learns two grammars and every error reads alike.
 */
import { z } from 'zod'
import {
  durationPattern,
  formatDuration,
  formatSize,
  isLoopback,
  parseDuration,
  parseSize,
  sizePattern,
} from '../model/index.ts'
import { marked } from './marks.ts'

/** A setting with its words for editors and the reference page. */
export interface Words {
  readonly description: string
  /** What an error offers, where there is no default. */
  readonly examples?: readonly unknown[]
}

/** A text of a form; `expected` completes "must be ...". */
export function form(pattern: RegExp, expected: string): z.ZodString {
  return z.string().regex(pattern, { abort: true, error: `must be ${expected}` })
}

export interface Range {
  readonly min: number
  readonly max: number
  readonly standard: number
}

/** A length of time without a default. Read as its text. */
export function durationForm({ min, max }: Omit<Range, 'standard'>, description: string) {
  const range = `from \`${formatDuration(min)}\` to \`${formatDuration(max)}\``
  return form(durationPattern, 'a whole number with its unit `ms`, `s`, `m`, `h` or `d`')
    .refine((text) => within(parseDuration(text), min, max), { error: `must be ${range}` })
    .meta({ description: `${description} A length of time ${range}.` })
}

/** A length of time; `min`, `max` and `standard` in milliseconds, both ends allowed. Read as its text. */
export function duration({ min, max, standard }: Range, description: string): z.ZodDefault<z.ZodString> {
  const inner = durationForm({ min, max }, description)
  return inner.default(formatDuration(standard)).meta({ description: inner.meta()?.description ?? description })
}

/** The same, read as milliseconds. */
export function milliseconds(range: Range, description: string) {
  return duration(range, description).transform((text) => parseDuration(text) ?? Number.NaN)
}

/** A number of bytes; `min` and `max` in bytes, both ends allowed. Read as its text. */
export function sizeForm({ min, max }: Omit<Range, 'standard'>, description: string): z.ZodString {
  const range = `from \`${formatSize(min)}\` to \`${formatSize(max)}\``
  return form(sizePattern, 'a whole number with its unit `B`, `KiB`, `MiB` or `GiB`')
    .refine((text) => within(parseSize(text), min, max), { error: `must be ${range}` })
    .meta({ description: `${description} A size ${range}.` })
}

export function size({ min, max, standard }: Range, description: string): z.ZodDefault<z.ZodString> {
  const inner = sizeForm({ min, max }, description)
  return inner.default(formatSize(standard)).meta({ description: inner.meta()?.description ?? description })
}

/** The same, read as bytes. */
export function bytes(range: Range, description: string) {
  return size(range, description).transform((text) => parseSize(text) ?? Number.NaN)
}

function within(value: number | undefined, min: number, max: number): boolean {
  return value !== undefined && value >= min && value <= max
}

export function count({ min, max, standard }: Range, description: string): z.ZodDefault<z.ZodInt> {
  return z.int().min(min).max(max).default(standard).meta({ description })
}

/** A path, relative to the folder of the file. Marked: read as an absolute one in the settings of sinks. */
export function path(words: Words): z.ZodString {
  return marked(
    'path',
    z
      .string()
      .min(1)
      .max(4_096)
      .refine((text) => !text.includes('\0'), { error: 'must be a path' })
      .meta({ ...words, description: `${words.description} Relative to the folder of this file.` }),
  )
}

/** What a thing is called, in messages, records and commands. */
export const id = (words: Words): z.ZodString =>
  form(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/, 'letters, digits, `.`, `_` or `-`, at most 64').meta({
    ...words,
  })

/** Some text of at most 256 characters. */
export const word = (description: string): z.ZodString => z.string().min(1).max(256).meta({ description })

export const headerName = form(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'a header name (RFC 9110 section 5.1)')

/** A value that must be a reference; the form is checked with the references themselves. Read as what it stands for. */
export const secret = (words: Words): z.ZodString =>
  marked(
    'secret',
    z
      .string()
      .min(1)
      .max(4_096)
      .meta({
        ...words,
        description: `${words.description} A secret: write \`\${VARIABLE}\` or \`file:PATH\`; inside other text \`\${file:PATH}\`.`,
      }),
  )

/** What is sent with a request to prove who asks. */
export const credential = (description: string, example: string) =>
  z.strictObject({
    header: headerName.default('authorization').meta({ description: 'Header that carries the credential.' }),
    value: secret({ description, examples: [example] }),
  })

/** A PEM file of certificates; read as its text. */
export const certificates = (words: Words): z.ZodString =>
  marked(
    'certificates',
    z
      .string()
      .min(1)
      .max(4_096)
      .meta({ ...words }),
  )

/** A PEM file with a private key; read as its text, which is a secret. */
export const privateKey = (words: Words): z.ZodString =>
  marked(
    'private_key',
    z
      .string()
      .min(1)
      .max(4_096)
      .meta({ ...words }),
  )

/** Whom to trust and who we are, towards a server. Certificates are always verified: there is no setting for less. */
export const clientTls = () =>
  z
    .strictObject({
      authorities: certificates({
        description: 'PEM file of the certificate authorities to trust for this server instead of those of Node.',
        examples: ['tls/authorities.pem'],
      }).optional(),
      certificate: certificates({
        description: 'PEM file with the certificate that proves this gateway, with its chain.',
        examples: ['tls/gatehouse.pem'],
      }).optional(),
      key: privateKey({
        description: 'PEM file with the private key of that certificate.',
        examples: ['tls/gatehouse.key'],
      }).optional(),
    })
    .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
      error: '`certificate` and `key` belong together',
      params: { fix: 'write both, or neither' },
    })

/**
 * A URL of one of `schemes`. The first is the safe one; the others go to loopback only, because what they carry can be read and
 * replaced on the way. No name, password, query or fragment.
 */
export const url = (schemes: readonly [string, ...string[]], words: Words): z.ZodString =>
  z
    .string()
    .min(1)
    .max(2_048)
    .superRefine((text, context) => {
      const found = urlProblem(text, schemes)
      if (found !== undefined) context.addIssue({ code: 'custom', message: found.problem, params: { fix: found.fix } })
    })
    .meta({ ...words })

function urlProblem(
  text: string,
  schemes: readonly [string, ...string[]],
): { readonly problem: string; readonly fix: string } | undefined {
  const parsed = URL.parse(text)
  const listed = schemes.map((scheme) => `\`${scheme}://\``).join(' or ')
  if (parsed === null || !schemes.includes(parsed.protocol.slice(0, -1)) || parsed.hostname === '')
    return { problem: `must be a URL that begins with ${listed}`, fix: `write for example \`${schemes[0]}://host/\`` }
  if (parsed.username !== '' || parsed.password !== '')
    return {
      problem: 'a URL here carries no name or password',
      fix: 'remove what stands before `@`; secrets have settings',
    }
  if (/[?#]/.test(text))
    return { problem: 'a URL here has no query and no fragment', fix: 'remove what begins with `?` or `#`' }
  if (parsed.protocol !== `${schemes[0]}:` && !isLoopback(parsed.hostname.replace(/^\[(.*)\]$/, '$1')))
    return {
      problem: `what goes over \`${parsed.protocol}\` can be read and replaced on the way`,
      fix: `write \`${schemes[0]}://\``,
    }
  return undefined
}

/** `HOST:PORT`, `[IPV6]:PORT`. */
export const hostPort = (words: Words): z.ZodString =>
  form(
    /^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}$/,
    'a host and a port such as `kafka.example.com:9093`',
  )
    .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, { error: 'has a port beyond 65535' })
    .meta({ ...words })

/** The two parts of what `hostPort` takes, the host without brackets. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) }
}
