/** OPA's policies as WebAssembly: built by the `opa` command, run by `@open-policy-agent/opa-wasm` in this process. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPolicy } from '@open-policy-agent/opa-wasm'
import { output } from '../machine.ts'
import { type Engine, engineHere, Missing, type Setting } from './engine.ts'
import type { Case } from './work.ts'

/** The `opa` command: named by OPA, or from PATH. Throws `Missing`. */
export function opaCommand(): string {
  const opa = process.env.OPA ?? 'opa'
  if (output(opa, ['version']) === undefined)
    throw new Missing('there is no `opa` command (on PATH, or named by the environment variable OPA)')
  return opa
}

/** `values`: it gets parsed input, which it prints and parses again; `bytes`: it gets the text and parses that alone. */
export async function opaWasm({ folder }: Setting, form: 'values' | 'bytes'): Promise<Engine> {
  const opa = opaCommand()
  return engineHere(async (of) => {
    const policy = await loadPolicy(buildWasm(opa, folder, of))
    policy.setData(of.data)
    const decide = (input: object): unknown => policy.evaluate(input)[0]?.result
    // Only an `ArrayBuffer` of exactly the text is taken as text.
    return { decide, inputs: form === 'values' ? of.inputs : of.bytes.map((bytes) => Uint8Array.from(bytes).buffer) }
  })
}

/** The bytes of the case's module; cases with one policy share it. */
function buildWasm(opa: string, parent: string, { entrypoint, policy }: Case): Buffer<ArrayBuffer> {
  const folder = join(parent, 'wasm', entrypoint)
  const source = join(folder, 'policy.rego')
  const bundle = join(folder, 'bundle.tar.gz')
  const module = join(folder, 'policy.wasm')
  if (existsSync(module)) return readFileSync(module)
  mkdirSync(folder, { recursive: true })
  writeFileSync(source, policy)
  if (output(opa, ['build', '-t', 'wasm', '-e', entrypoint, '-o', bundle, source]) === undefined)
    throw new Error(`\`${opa} build -t wasm -e ${entrypoint}\` failed`)
  if (output('tar', ['-xzf', bundle, '-C', folder, '/policy.wasm']) === undefined)
    throw new Error(`${bundle} has no policy.wasm`)
  return readFileSync(module)
}
