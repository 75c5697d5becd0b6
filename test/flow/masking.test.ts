/** `data.system.log` in a whole house: what it hides is in no record, whatever the call, the level and the mistakes in it. */
import { describe, expect, it } from 'vitest'
import { runWords } from '../../src/cli/main.ts'
import { makeFakeIo } from '../support/io.ts'
import { openWorld, type WorldOptions } from '../support/world.ts'

const main = 'package gatehouse\n\nallow if input.call.body.amount < 1000\n\nlabels := {"note": "kept"}\n'
const hide = (rules: string) => ({ 'main.rego': main, 'log.rego': `package system.log\n\n${rules}\n` })
const secret = 'iban-of-somebody'
const body = JSON.stringify({ amount: 900, iban: secret, name: 'Ann' })

async function recordsOf(options: WorldOptions, text = body) {
  const world = await openWorld(options)
  try {
    const reply = await world.send({ method: 'POST', body: text, headers: { 'content-type': 'application/json' } })
    return { reply, ...world.pair(), programLog: world.programLog, lines: JSON.stringify(world.records()) }
  } finally {
    await world.close()
  }
}

describe('masking by policy', () => {
  it('hides what it names, says so, and leaves the rest', async () => {
    const { decision, lines, reply } = await recordsOf({
      policies: hide(
        'mask contains "/input/call/body/iban" if input.input.call.body.iban\n\nmask contains {"op": "upsert", "path": "/input/call/body/name", "value": "***"}\n\nmask contains "/result/labels"',
      ),
    })
    expect(reply.status).toBe(200)
    expect(lines).not.toContain(secret)
    expect(decision.input.call.body).toEqual({ amount: 900, name: '***' })
    expect(decision.result).toEqual({ allow: true })
    expect([decision.erased, decision.masked]).toEqual([
      ['/input/call/body/iban', '/result/labels'],
      ['/input/call/body/name'],
    ])
    expect(decision.labels).toMatchObject({ note: 'kept' })
    expect(Object.keys(decision).slice(-7)).toEqual([
      'input',
      'input_digest',
      'result',
      'erased',
      'masked',
      'requested_by',
      'metrics',
    ])
  })

  it('sees all of the input where the level keeps little, and hides in what it keeps', async () => {
    const { decision, lines } = await recordsOf({
      policies: hide('mask contains "/input/identity/subject" if input.input.call.body.iban'),
      route: { recording: { level: 'metadata' } },
    })
    expect(lines).not.toContain(secret)
    expect(decision.input.identity.subject).toBeUndefined()
    expect(decision).toMatchObject({ input_omitted: 'level', erased: ['/input/identity/subject'] })
  })

  it('writes neither input nor result of a call that is dropped, and both of its records all the same', async () => {
    const { decision, outcome, lines } = await recordsOf({ policies: hide('drop if input.decision == "allow"') })
    expect(lines).not.toContain(secret)
    expect(decision).toMatchObject({ decision: 'allow', input_omitted: 'dropped' })
    expect([decision.input, decision.result]).toEqual([undefined, undefined])
    expect(outcome).toMatchObject({ status: 200, complete: true })
  })

  it.each([
    ['a rule that cannot be followed', 'mask contains "/labels/note"'],
    ['a rule of no form', 'mask contains 7'],
    ['no list at all', 'mask := "everything"'],
    ['a conflict', 'mask := ["/input/a"] if input.decision\n\nmask := ["/input/b"] if input.decision'],
    ['a builtin that fails', 'mask contains p if p := sprintf("/input/%s", [to_number(input.input.call.body.name)])'],
  ])('writes nothing that it is about after %s, and the call goes on', async (_note, rules) => {
    const { decision, reply, lines, programLog } = await recordsOf({ policies: hide(rules) })
    expect(reply.status).toBe(200)
    expect(lines).not.toContain(secret)
    expect(decision.input_omitted).toBe('mask_failed')
    expect([decision.input, decision.result]).toEqual([undefined, undefined])
    expect(programLog.map(({ message }) => message)).toContain(
      'a record could not be hidden as it should: it is written without what that is about',
    )
  })

  it('has a keyed digest of an input that it does not hold whole', async () => {
    const world = await openWorld({
      policies: { 'main.rego': main },
      route: { recording: { level: 'none' } },
    })
    try {
      const send = () => world.send({ method: 'POST', body, headers: { 'content-type': 'application/json' } })
      for (let count = 0; count < 2; count++) await send()
      const digests = world
        .records()
        .filter(({ type }) => type === 'decision')
        .map(({ input_digest }) => input_digest)
      expect(digests).toEqual([expect.stringMatching(/^hmac-sha256:/), expect.stringMatching(/^hmac-sha256:/)])
      // Two calls have two ids.
      expect(digests[0]).not.toBe(digests[1])
    } finally {
      await world.close()
    }
    const whole = await recordsOf({ policies: { 'main.rego': main } })
    expect(whole.decision.input_digest).toBeUndefined()
  })

  it('hides in refusals and in records that are too large too', async () => {
    const large = JSON.stringify({ amount: 5_000, iban: secret, filler: 'x'.repeat(1_200_000) })
    const rules = 'mask contains "/input/identity/claims"\n\nmask contains "/input/call/body/iban"'
    const { decision, lines } = await recordsOf({ policies: hide(rules) }, large)
    expect(lines).not.toContain(secret)
    expect(decision).toMatchObject({ decision: 'deny', input_omitted: 'size', erased: ['/input/identity/claims'] })
  })

  it('finds equal values by their keyed hash, and reads encrypted ones until their subject is erased', async () => {
    const world = await openWorld({
      policies: hide(
        'mask contains {"op": "hash", "path": "/input/call/body/name"}\n\nmask contains {"op": "encrypt", "path": "/input/call/body/iban", "subject": input.input.call.body.name}',
      ),
    })
    try {
      const ids: string[] = []
      // Names with a space: hashes and signatures never have one, so that none holds a name by chance.
      for (const name of ['Ann Lee', 'Ben Lee', 'Ann Lee']) {
        const sent = { method: 'POST', headers: { 'content-type': 'application/json' } }
        const { headers } = await world.send({ ...sent, body: JSON.stringify({ amount: 1, iban: secret, name }) })
        ids.push(String(headers['gatehouse-decision']))
      }
      expect(JSON.stringify(world.records())).not.toMatch(/iban-of-somebody|Ann Lee|Ben Lee/)
      const [ann, ben, again] = ids.map((id) => world.pair(id).decision.input.call.body)
      expect(ann.name).toMatch(/^hmac-sha256:/)
      expect([again.name === ann.name, ben.name === ann.name]).toEqual([true, false])
      const shown = async (id: string | undefined) => {
        const io = makeFakeIo({ directory: world.folder })
        expect(await runWords(['why', id ?? '', '--format', 'json', '--reveal'], io), io.stderr.text).toBe(0)
        return JSON.parse(io.stdout.text).decision.input.call.body.iban
      }
      expect([await shown(ids[0]), await shown(ids[1])]).toEqual([secret, secret])
      const erase = makeFakeIo({ directory: world.folder })
      expect(await runWords(['erase', 'Ann Lee'], erase)).toBe(0)
      expect([await shown(ids[0]), await shown(ids[1]), await shown(ids[2])]).toEqual(['[erased]', secret, '[erased]'])
      const nobody = makeFakeIo({ directory: world.folder })
      expect(await runWords(['erase', 'Ann Lee'], nobody)).toBe(1)
      await expect
        .poll(() => world.records().filter(({ event }) => event === 'subject_erased'), { timeout: 10_000 })
        .toMatchObject([{ detail: { key: ann.iban.key, subject: expect.stringMatching(/^hmac-sha256:/) } }])
      const verify = makeFakeIo({ directory: world.folder })
      expect(await runWords(['audit', 'verify'], verify), verify.stderr.text).toBe(0)
    } finally {
      await world.close()
    }
  })
})
