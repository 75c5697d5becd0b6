/** The vault: the same hash for the same value, and nothing of a subject left to read once its key is deleted. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openVault, type Vault, VaultError } from '../../../src/vault/index.ts'
import { fakeClock } from '../../support/clock.ts'

function world() {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-vault-'))
  const directory = join(root, 'keys')
  const clock = fakeClock()
  const open: Vault[] = []
  onTestFinished(() => {
    for (const vault of open) vault.close()
    rmSync(root, { recursive: true })
  })
  const vault = (): Vault => {
    const one = openVault({ directory, randomBytes: (count) => randomBytes(count), clock })
    open.push(one)
    return one
  }
  return { directory, clock, vault }
}

describe('a keyed hash', () => {
  it('is the same for the same value, also after a restart, and another under another key', () => {
    const one = world()
    const hash = one.vault().hash('"alice"')
    expect(hash).toMatch(/^hmac-sha256:[A-Za-z0-9_-]{43}$/)
    expect([one.vault().hash('"alice"'), one.vault().hash('"bob"') === hash]).toEqual([hash, false])
    expect(world().vault().hash('"alice"')).not.toBe(hash)
    expect(statSync(join(one.directory, 'record-hash.key')).mode & 0o777).toBe(0o600)
  })

  it.each([
    { note: 'that others may read', spoil: (file: string) => chmodSync(file, 0o640), says: /run `chmod 600/ },
    { note: 'that is none', spoil: (file: string) => writeFileSync(file, 'x'), says: /holds no key/ },
  ])('is refused with a key $note', ({ spoil, says }) => {
    const { directory, vault } = world()
    vault().hash('x')
    spoil(join(directory, 'record-hash.key'))
    expect(() => vault().hash('x')).toThrow(VaultError)
    expect(() => vault().hash('x')).toThrow(says)
  })
})

describe('the key of seals', () => {
  it('is the same after a restart and for two processes that make it at once, in a file of its owner alone', () => {
    const one = world()
    const key = one.vault().sealKey()
    expect(key).toHaveLength(32)
    expect(one.vault().sealKey()).toEqual(key)
    expect(world().vault().sealKey()).not.toEqual(key)
    expect(statSync(join(one.directory, 'seal.key')).mode & 0o777).toBe(0o600)
    // Nothing is left of the draft from which it was made.
    expect(readdirSync(one.directory)).toEqual(['seal.key'])
  })

  it('is never made over what is there', () => {
    const { directory, vault } = world()
    vault().hash('x')
    writeFileSync(join(directory, 'seal.key'), '', { mode: 0o600 })
    expect(() => vault().sealKey()).toThrow(/holds no key: .*another one opens nothing that agents were given/)
    expect(readFileSync(join(directory, 'seal.key'), 'utf8')).toBe('')
  })
})

describe('what is encrypted for a subject', () => {
  const values = ['"iban"', '', '{"a":[1,2]}', '"\u0000 naïve 🙂"', JSON.stringify('x'.repeat(100_000))]

  it.each(values)('is read again, also after a restart: %#', (text) => {
    const { vault } = world()
    const hidden = vault().encrypt('customer-1', text)
    expect(JSON.stringify(hidden)).not.toContain('iban')
    expect(vault().reveal(hidden)).toEqual({ text })
  })

  it('is another text each time, under one key', () => {
    const one = world().vault()
    const [first, second] = [one.encrypt('s', '"v"'), one.encrypt('s', '"v"')]
    expect(first.key).toBe(second.key)
    expect(first.encrypted).not.toBe(second.encrypted)
    expect(one.encrypt('other', '"v"').key).not.toBe(first.key)
  })

  it('cannot be read once the key of the subject is deleted, and others can', () => {
    const { vault, directory } = world()
    const gateway = vault()
    const mine = gateway.encrypt('customer-1', '"iban"')
    const yours = gateway.encrypt('customer-2', '"iban"')
    const key = Buffer.from(String(mine.key))
    // Another process, as `gatehouse erase` is one.
    const command = vault()
    expect([command.erase('customer-1'), command.erase('customer-1'), command.erase('nobody')]).toEqual([
      true,
      false,
      false,
    ])
    expect([gateway.reveal(mine), gateway.reveal(yours)]).toEqual(['erased', { text: '"iban"' }])
    const again = gateway.encrypt('customer-1', '"new"')
    expect(again.key).not.toBe(mine.key)
    expect([gateway.reveal(again), gateway.reveal(mine)]).toEqual([{ text: '"new"' }, 'erased'])
    expect(key.length).toBe(16)
    const files = readdirSync(directory)
    expect(files.sort()).toEqual(
      ['record-hash.key', 'subjects.sqlite', 'subjects.sqlite-journal'].filter((name) => files.includes(name)),
    )
  })

  it('leaves no byte of a deleted key in its files, and no subject by name', () => {
    const { vault, directory } = world()
    const keys: Buffer[] = []
    const drawing = openVault({
      directory,
      clock: fakeClock(),
      randomBytes: (count) => {
        const bytes = randomBytes(count)
        if (count === 32) keys.push(bytes)
        return bytes
      },
    })
    for (let count = 0; count < 50; count++) drawing.encrypt(`customer-${count}`, '"v"')
    drawing.close()
    const stored = () => readdirSync(directory).map((name) => readFileSync(join(directory, name)))
    const [, ...subjectKeys] = keys
    expect(subjectKeys.length).toBe(50)
    expect(subjectKeys.every((key) => stored().some((file) => file.includes(key)))).toBe(true)
    const command = vault()
    for (let count = 0; count < 50; count++) command.erase(`customer-${count}`)
    command.close()
    expect(subjectKeys.filter((key) => stored().some((file) => file.includes(key)))).toEqual([])
    expect(stored().some((file) => file.includes('customer-'))).toBe(false)
  })

  it('is not read when anything of it was changed', () => {
    const one = world().vault()
    const hidden = one.encrypt('s', '"value"')
    const bytes = Buffer.from(String(hidden.encrypted), 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ 1
      expect(one.reveal({ ...hidden, encrypted: changed.toString('base64url') })).toBeUndefined()
    }
    const other = one.encrypt('other', '"value"')
    for (const value of [
      { ...hidden, key: other.key ?? '' },
      { encrypted: 'AA', key: hidden.key ?? '' },
      {},
      { key: 'x', encrypted: 1 },
    ])
      expect(one.reveal(value)).toBeUndefined()
  })

  it('tells of each erasure until it is recorded, with the subject as a hash', async () => {
    const { vault, clock } = world()
    const one = vault()
    expect(one.unrecordedErasures()).toEqual([])
    const { key } = one.encrypt('a', '1')
    one.encrypt('b', '1')
    one.erase('a')
    await clock.advance(5)
    one.erase('b')
    const [first, second] = one.unrecordedErasures()
    expect(first).toMatchObject({ id: key, subject: one.hash('a') })
    expect((second?.erasedMs ?? 0) - (first?.erasedMs ?? 0)).toBe(5)
    if (first !== undefined) one.erasureRecorded(first)
    expect(vault().unrecordedErasures()).toEqual([second])
  })

  it('has a subject of 1 to 256 characters', () => {
    const one = world().vault()
    expect(() => one.encrypt('', '1')).toThrow(/1 to 256 characters, this one 0/)
    expect(() => one.encrypt('x'.repeat(257), '1')).toThrow(/this one 257/)
  })

  it('makes no file by looking', () => {
    const { vault, directory } = world()
    const one = vault()
    expect([one.reveal({ encrypted: 'x', key: 'y' }), one.unrecordedErasures()]).toEqual([undefined, []])
    expect(existsSync(directory)).toBe(false)
  })
})
