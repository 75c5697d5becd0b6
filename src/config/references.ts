/**
 * Follows what a configuration refers to outside itself: paths are made absolute, files are looked for, secrets are read.
 * Nothing is opened here but secrets and certificate authorities; the rooms read the rest.
 */
import { isAbsolute, join, relative, resolve } from 'node:path'
import { unreadable } from '../model/index.ts'
import { markedIn, replaceMarked } from '../settings/index.ts'
import { bucketSettings, type SinkEntry, sinkEntry, sinkProblems } from '../sinks/index.ts'
import type { Finding, Path } from './errors.ts'
import { formatPath } from './errors.ts'
import type { Files } from './files.ts'
import { parts, type UpstreamFile } from './schema.ts'
import { resolveSecret } from './secrets.ts'
import type { Entry, Sections } from './sections.ts'

/** Bytes of a PEM file; the one of all public certificate authorities has about 250 KiB. */
const pemBytesMax = 2 * 1024 ** 2
const pems = {
  certificates: { begins: /-----BEGIN CERTIFICATE-----/, holds: 'certificates' },
  private_key: { begins: /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/, holds: 'private keys' },
} as const

/** Characters of the operators' token: 16 random ones of base64 hold 96 bits. */
const tokenCharsMin = 16

/** The setting has a value where nothing is written, so that there may be no path to correct. */
const policyFix = 'create it, or name the folder of your policies: `policy: { paths: [FOLDER] }`'

export interface Folders {
  /** Folder of the file, absolute. */
  readonly base: string
  /** Where data is kept, absolute. */
  readonly data: string
  /** Makes a path of the file absolute. What the file places in its data folder follows that folder when it is moved. */
  absolute(path: string): string
}

/** `dataDirectory` replaces the `data` of the file. */
export function foldersOf(base: string, data: string | undefined, dataDirectory: string | undefined): Folders {
  const written = resolve(base, data ?? parts.data.parse(undefined))
  const used = dataDirectory ?? written
  return {
    base,
    data: used,
    absolute(path) {
      const found = resolve(base, path)
      const within = relative(written, found)
      const isWithin = within !== '..' && !within.startsWith('../') && !isAbsolute(within)
      return isWithin ? join(used, within) : found
    },
  }
}

/** Where the segments of the decision log are. */
export function logFolder(written: string | undefined, folders: Folders): string {
  return written === undefined ? join(folders.data, 'log') : folders.absolute(written)
}

export interface References {
  /** Resolved secrets and the text of authorities, by the path of their setting. */
  text(path: Path): string | undefined
  readonly secrets: readonly string[]
  /** Absolute. */
  readonly watched: readonly string[]
}

export interface ReferencePorts {
  readonly environment: { readonly [name: string]: string | undefined }
  readonly files: Files
}

/** What was found, and everything that leads nowhere. Never throws. */
export function followReferences(
  sections: Sections,
  folders: Folders,
  ports: ReferencePorts,
): { readonly references: References; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const texts = new Map<string, string>()
  const secrets = new Set<string>()
  const watched = new Set<string>()
  const { files, environment } = ports

  const secret = (path: Path, text: string, charsMin: number): void => {
    const found = resolveSecret(text, { environment, files, absolute: folders.absolute })
    if ('problems' in found) {
      findings.push(...found.problems.map((problem) => ({ path, ...problem })))
      return
    }
    if (found.value.length < charsMin)
      findings.push({ path, message: `the secret is shorter than ${charsMin} characters`, fix: 'use a longer one' })
    texts.set(formatPath(path), found.value)
    for (const one of found.secrets) secrets.add(one)
    for (const file of found.files) watched.add(file)
  }
  const expect = (
    path: Path,
    text: string,
    kinds: readonly ('file' | 'folder')[],
    fix = 'create it or correct the path',
  ): string | undefined => {
    const file = folders.absolute(text)
    watched.add(file)
    const found = files.kind(file)
    if (kinds.some((kind) => kind === found)) return file
    const problem = {
      absent: { message: `\`${file}\` does not exist`, fix },
      hidden: {
        message: `this user may not look at \`${file}\``,
        fix: 'change the permissions of the folders around it',
      },
      file: { message: `\`${file}\` is a file`, fix: `name a ${kinds[0]}` },
      folder: { message: `\`${file}\` is a folder`, fix: `name a ${kinds[0]}` },
      // Reading one may never end, and not give the same again at a reload.
      special: { message: `\`${file}\` is no regular file`, fix: `name a ${kinds[0]}` },
    }[found ?? 'absent']
    findings.push({ path, ...problem })
    return undefined
  }

  const operators = sections.operators
  if (operators?.token !== undefined) secret(['listeners', 'operators', 'token'], operators.token, tokenCharsMin)
  const tls = sections.agents_listener?.tls
  if (tls !== undefined)
    for (const key of ['certificate', 'key'] as const) expect(['listeners', 'agents', 'tls', key], tls[key], ['file'])
  for (const { path, entry } of sections.issuers)
    if (entry.keys.file !== undefined) expect([...path, 'keys', 'file'], entry.keys.file, ['file'])
  for (const upstream of sections.upstreams) followUpstream(upstream)
  for (const { path, entry } of sections.routes)
    if (entry.description !== undefined) expect([...path, 'description'], entry.description, ['file'])
  for (const [index, { credential, s3 }] of (sections.audit?.anchors ?? []).entries()) {
    if (credential !== undefined) secret(['audit', 'anchors', index, 'credential', 'value'], credential.value, 0)
    if (s3 !== undefined) followMarked(bucketSettings, s3, ['audit', 'anchors', index, 's3'])
  }
  for (const sink of sections.sinks) followSink(sink)
  for (const [index, path] of (sections.policy?.paths ?? []).entries())
    expect(['policy', 'paths', index], path, ['folder', 'file'], policyFix)

  function followUpstream({ path, entry }: Entry<UpstreamFile>): void {
    if (entry.credential !== undefined) secret([...path, 'credential', 'value'], entry.credential.value, 0)
    if (entry.authorities !== undefined) pem([...path, 'authorities'], entry.authorities, 'certificates')
  }

  /** Where each marked setting leads. */
  function followMarked(schema: Parameters<typeof markedIn>[0], value: object, at: Path): void {
    for (const { path, mark, text } of markedIn(schema, value, at)) {
      if (mark === 'secret') secret(path, text, 0)
      else if (mark === 'path') texts.set(formatPath(path), folders.absolute(text))
      else pem(path, text, mark)
    }
  }

  /** Whatever the kind of sink; then what the kind says of what it leads to. */
  function followSink({ path: at, entry }: Entry<SinkEntry>): void {
    followMarked(sinkEntry, entry, at)
    if (markedIn(sinkEntry, entry, at).some(({ path }) => !texts.has(formatPath(path)))) return
    const followed = replaceMarked(sinkEntry, entry, ({ path, text }) => texts.get(formatPath(path)) ?? text, at)
    for (const problem of sinkProblems(followed as SinkEntry))
      findings.push({ ...problem, path: [...at, ...problem.path] })
  }

  function pem(at: Path, text: string, kind: keyof typeof pems): void {
    const { begins, holds } = pems[kind]
    const file = expect(at, text, ['file'])
    if (file === undefined) return
    try {
      const bytes = files.read(file, pemBytesMax)
      const found = new TextDecoder().decode(bytes)
      if (bytes.length > pemBytesMax || !begins.test(found)) {
        findings.push({ path: at, message: `\`${file}\` holds no PEM ${holds}`, fix: `name a PEM file of ${holds}` })
        return
      }
      texts.set(formatPath(at), found)
      if (kind === 'private_key') secrets.add(found.trim())
    } catch (cause) {
      findings.push({ path: at, ...unreadable(file, cause) })
    }
  }

  const references = {
    text: (path: Path) => texts.get(formatPath(path)),
    secrets: [...secrets],
    watched: [...watched],
  }
  return { references, findings }
}
