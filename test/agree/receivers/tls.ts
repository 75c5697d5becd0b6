/** What a server and its client need for TLS, as files of the server's folder. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned } from '../../support/certificate.ts'

/** Paths of PEM files: a certificate for `localhost`, which is its own authority, and its key. */
export function writeTls(folder: string): { readonly certificate: string; readonly key: string } {
  const made = selfSigned({ names: ['localhost'] })
  const paths = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  writeFileSync(paths.certificate, made.certificate)
  writeFileSync(paths.key, made.key, { mode: 0o600 })
  return paths
}
