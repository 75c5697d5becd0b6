/**
 * References to secrets: `${VARIABLE}` and `${file:PATH}` inside a text, or `file:PATH` alone. A secret that is written out
 * is refused, and what a reference stands for is never part of an error.
 */
import { limits, unreadable } from '../model/index.ts'
import type { Files } from './files.ts'

/** Bytes of a file with a secret; header fields hold no more. */
const secretBytesMax = 12 * 1024

const reference = /\$\{([^{}]*)\}/g
const forms = `write \`\${VARIABLE}\` or \`\${file:PATH}\``

export interface Resolved {
  readonly value: string
  /** What each reference stood for. */
  readonly secrets: readonly string[]
  /** Absolute paths of the files that were read. */
  readonly files: readonly string[]
}

export interface Problem {
  readonly message: string
  readonly fix: string
}

export interface SecretPorts {
  readonly environment: { readonly [name: string]: string | undefined }
  readonly files: Files
  /** Makes a path of the configuration absolute. */
  readonly absolute: (path: string) => string
}

/** True for a text that holds a reference, whether or not it is one that can be followed. */
function hasReference(text: string): boolean {
  return text.startsWith('file:') || text.includes('${')
}

/** The text with every reference replaced, or what is wrong with them. Never throws. */
export function resolveSecret(text: string, ports: SecretPorts): Resolved | { readonly problems: readonly Problem[] } {
  if (!hasReference(text))
    return {
      problems: [
        {
          message: 'a secret is written out in the configuration',
          fix: `move it into a file or the environment and ${forms}; then change it, for it has been seen`,
        },
      ],
    }
  const problems: Problem[] = []
  const secrets: string[] = []
  const files: string[] = []
  const follow = (name: string): string => {
    const found = name.startsWith('file:')
      ? fromFile(name.slice('file:'.length), ports, files)
      : fromEnvironment(name, ports)
    if (typeof found !== 'string') {
      problems.push(found)
      return ''
    }
    secrets.push(found)
    return found
  }
  const value = text.startsWith('file:')
    ? follow(text)
    : text.replace(reference, (_whole, name: string) => follow(name))
  if (!text.startsWith('file:') && text.replace(reference, '').includes('${'))
    problems.push({ message: 'a reference is not closed', fix: forms })
  return problems.length > 0 ? { problems } : { value, secrets, files }
}

function fromEnvironment(name: string, { environment }: SecretPorts): string | Problem {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return {
      message: 'a reference has neither the form of a variable nor of a file',
      fix: forms,
    }
  const value = environment[name]
  if (value === undefined || value === '')
    return {
      message: `the environment variable \`${name}\` is ${value === undefined ? 'not set' : 'empty'}`,
      fix: `set \`${name}\` before starting, or name another variable`,
    }
  return usable(value, `the environment variable \`${name}\``)
}

function fromFile(path: string, { files, absolute }: SecretPorts, read: string[]): string | Problem {
  if (path === '') return { message: 'a reference names no file', fix: 'write `file:PATH`' }
  const file = absolute(path)
  read.push(file)
  let bytes: Uint8Array
  try {
    bytes = files.read(file, secretBytesMax)
  } catch (cause) {
    return unreadable(file, cause)
  }
  if (bytes.length > secretBytesMax)
    return {
      message: `the file \`${file}\` has more than ${secretBytesMax} bytes`,
      fix: 'name a file that holds only the secret',
    }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { message: `the file \`${file}\` is not text`, fix: 'name a file that holds only the secret, as UTF-8' }
  }
  // Editors and `echo` end a file with a line break that is not part of the secret.
  return usable(text.replace(/[\r\n]+$/, ''), `the file \`${file}\``)
}

/** RFC 9110 section 5.5: what a header field may carry; every secret here ends up in one. */
function usable(value: string, where: string): string | Problem {
  if (value === '') return { message: `${where} is empty`, fix: 'put the secret into it' }
  if (value.length < limits.secretCharsMin)
    return {
      message: `the secret in ${where} is shorter than ${limits.secretCharsMin} characters`,
      fix: 'use a longer one',
    }
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value))
    return {
      message: `the secret in ${where} has spaces around it or characters other than printable ASCII`,
      fix: 'remove them',
    }
  return value
}
