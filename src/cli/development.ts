/**
 * What development mode needs before its configuration can be read: the issuer's key pair and one credential for each
 * service, made on first start in the data directory, readable by their owner alone.
 */
import { closeSync, fsyncSync, linkSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { developmentServices, type Files } from '../config/index.ts'
import { type DevelopmentIssuer, openDevelopmentIssuer } from '../identify/index.ts'
import type { Clock, Issuer, RandomBytes } from '../model/index.ts'
import { makeFolder } from './folder.ts'

/** Nobody guesses 256 bits. */
const credentialBytes = 32

interface Ports {
  readonly clock: Clock
  readonly randomBytes: RandomBytes
}

/** Where keys and credentials of a data directory are. */
export function keysFolder(dataDirectory: string): string {
  return join(dataDirectory, 'keys')
}

/** Makes what is missing in the data directory and opens the issuer. Rejects with an `Error` that names the file or folder. */
export async function prepareDevelopment(dataDirectory: string, ports: Ports): Promise<DevelopmentIssuer> {
  const folder = keysFolder(dataDirectory)
  makeFolder(folder)
  for (const path of credentialPaths(dataDirectory)) writeOnce(path, credential(ports.randomBytes), ports.randomBytes)
  return openDevelopmentIssuer({ directory: folder, clock: ports.clock, randomBytes: ports.randomBytes })
}

/** The settings of the issuer as they will be, without making anything that stays: for a check. */
export async function imagineIssuer(dataDirectory: string, ports: Ports): Promise<Issuer> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-check-'))
  try {
    const { settings } = await openDevelopmentIssuer({
      directory: folder,
      clock: ports.clock,
      randomBytes: ports.randomBytes,
    })
    const file = 'file' in settings.keys ? basename(settings.keys.file) : ''
    return { ...settings, keys: { file: join(keysFolder(dataDirectory), file) } }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `files` with the credentials that the first start would make, so that a check before it finds no fault with them. */
export function imagineCredentials(dataDirectory: string, files: Files, randomBytes: RandomBytes): Files {
  const made = new Set(credentialPaths(dataDirectory).filter((path) => files.kind(path) === undefined))
  return {
    read: (path, bytesMax) =>
      made.has(path) ? new TextEncoder().encode(credential(randomBytes)) : files.read(path, bytesMax),
    kind: (path) => (made.has(path) ? 'file' : files.kind(path)),
  }
}

function credentialPaths(dataDirectory: string): string[] {
  return developmentServices.map((service) => join(keysFolder(dataDirectory), `procurement-${service}`))
}

function credential(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(credentialBytes)).toString('base64url')
}

/** Whole or not at all, and never over a file that is there: of two processes that start at once, one secret wins. */
function writeOnce(path: string, text: string, randomBytes: RandomBytes): void {
  const draft = `${path}.${Buffer.from(randomBytes(6)).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${text}\n`)
    fsyncSync(file)
    linkSync(draft, path)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
  } finally {
    closeSync(file)
    rmSync(draft, { force: true })
  }
}
