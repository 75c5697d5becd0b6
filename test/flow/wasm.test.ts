/** A house whose policy is a module that OPA built: calls decided, faults of the module refused, reloads from sources to modules and back. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../support/world.ts'

const bundle = join(import.meta.dirname, '../cases/wasm/bundle.tar.gz')
const denyAll = 'package gatehouse\n\ndefault allow := false\n'

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

/** A house on sources that deny everything, with the bundle beside them. */
async function worldOf(): Promise<World> {
  const world = await openWorld({ policies: { 'main.rego': denyAll } })
  open.push(world)
  copyFileSync(bundle, join(world.folder, 'bundle.tar.gz'))
  return world
}

/** Names other paths of the policy and takes them in. */
async function reload(world: World, path: string): Promise<string | undefined> {
  const text = readFileSync(join(world.folder, 'gatehouse.yaml'), 'utf8')
  world.write('gatehouse.yaml', text.replace(/^policy:\n {2}paths:\n {4}- .*$/m, `policy:\n  paths:\n    - ${path}`))
  return world.house.reload()
}

describe('a house with a bundle for wasm', () => {
  it('decides by the module and records its revision, digest and rules', async () => {
    const world = await worldOf()
    expect((await world.send()).status).toBe(403)
    expect(await reload(world, 'bundle.tar.gz')).toBeUndefined()
    expect((await world.send()).status).toBe(200)
    expect(world.pair().decision).toMatchObject({
      bundles: { policy: { revision: 'fixture-1', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) } },
      result: { allow: true, labels: { made_by: 'wasm' } },
      rule_ids: ['gatehouse.allow', 'gatehouse.labels'],
    })
    const reloads = world.records().filter(({ event }) => event === 'reload')
    expect(reloads).toMatchObject([{ detail: { revision: 'fixture-1', digest: expect.stringMatching(/^sha256:/) } }])
  })

  it('refuses with the reason that the module gives, and where it does not allow', async () => {
    const world = await worldOf()
    await reload(world, 'bundle.tar.gz')
    const closed = await world.send({ path: '/orders?day=monday' })
    expect(closed).toMatchObject({
      status: 403,
      json: { code: 'not_on_mondays', detail: '`/orders` is closed on Mondays' },
    })
    expect(
      await world.send({ method: 'PUT', body: '{}', headers: { 'content-type': 'application/json' } }),
    ).toMatchObject({
      status: 403,
      json: { code: 'policy_denied' },
    })
    expect(world.received).toEqual([])
  })

  it('refuses what the module cannot judge, tells the record alone why, and judges the next call', async () => {
    const world = await worldOf()
    await reload(world, 'bundle.tar.gz')
    const refused = await world.send({ path: '/orders?conflict=yes' })
    expect(refused).toMatchObject({ status: 403, json: { code: 'policy_error' } })
    expect(refused.text).not.toContain('conflict')
    expect(world.pair().decision.result.error).toMatch(
      /^gatehouse\.rego:\d+:1: eval_conflict_error: complete rules and functions must not produce multiple outputs/,
    )
    expect((await world.send()).status).toBe(200)
  })

  it('goes from sources to a folder with a module, and back', async () => {
    const world = await worldOf()
    execFileSync('tar', ['-xzf', bundle, '-C', join(world.folder, 'policies')], { stdio: 'ignore' })
    rmSync(join(world.folder, 'policies/main.rego'))
    expect(await world.house.reload()).toBeUndefined()
    expect((await world.send()).status).toBe(200)
    for (const name of ['policy.wasm', '.manifest', 'data.json', 'gatehouse.rego', 'traps.rego'])
      rmSync(join(world.folder, 'policies', name))
    world.write('policies/main.rego', denyAll)
    expect(await world.house.reload()).toBeUndefined()
    expect((await world.send()).status).toBe(403)
  })

  it('happens by itself when the bundle changes', async () => {
    const world = await worldOf()
    await reload(world, 'bundle.tar.gz')
    expect((await world.send()).status).toBe(200)
    // As `opa build -t rego` would make it: the same place, another kind of bundle.
    execFileSync('tar', ['-czf', join(world.folder, 'bundle.tar.gz'), '-C', join(world.folder, 'policies'), '.'])
    await expect.poll(async () => (await world.send()).status, { timeout: 10_000 }).toBe(403)
  })

  it('keeps what was in force when the bundle is damaged, and says which file', async () => {
    const world = await worldOf()
    await reload(world, 'bundle.tar.gz')
    writeFileSync(join(world.folder, 'bundle.tar.gz'), readFileSync(bundle).subarray(0, 30_000))
    expect(await world.house.reload()).toMatch(/\/bundle\.tar\.gz: archive read failed: it is not a whole gzip file/)
    expect((await world.send()).status).toBe(200)
  })
})
