/** Lines of a file: whole ones only, rotated by size, gone on with after a crash. */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { file } from '../../../src/sinks/file.ts'
import { fakePorts, itemOf, never } from '../../support/sink-ports.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-file-sink-'))
  folders.push(folder)
  return folder
}

const open = (path: string, settings: object = {}) =>
  file.open({ path, size_max: 1024 ** 2, keep: 2, ...settings }, fakePorts().ports)
const linesIn = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)

describe('a file', () => {
  it('is made with its folder, and gets each record as a line', async () => {
    const path = join(folderOf(), 'new/folder/out.jsonl')
    const sink = await open(path)
    await sink.deliver([itemOf(1, 'one'), itemOf(2, 'two')], never)
    await sink.deliver([itemOf(3, 'three')], never)
    await sink.close()
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n')
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  it.each([
    { note: 'a whole line', before: 'one\n', wanted: ['one', 'two'] },
    { note: 'the rest of a line that a crash cut off', before: 'one\ntw', wanted: ['one', 'two'] },
    { note: 'nothing but such a rest', before: 'on', wanted: ['two'] },
    { note: 'a very long such rest', before: `one\n${'x'.repeat(200_000)}`, wanted: ['one', 'two'] },
  ])('is gone on with after $note', async ({ before, wanted }) => {
    const path = join(folderOf(), 'out.jsonl')
    appendFileSync(path, before)
    const sink = await open(path)
    await sink.deliver([itemOf(2, 'two')], never)
    await sink.close()
    expect(linesIn(path)).toEqual(wanted)
  })

  it('is rotated before it has too many bytes, and only so many are kept', async () => {
    const folder = folderOf()
    const path = join(folder, 'out.jsonl')
    const sink = await open(path, { size_max: 100, keep: 2 })
    for (let seq = 0; seq < 20; seq++) await sink.deliver([itemOf(seq, String(seq).padStart(30, '0'))], never)
    await sink.close()
    expect(readdirSync(folder).sort()).toEqual(['out.jsonl', 'out.jsonl.1', 'out.jsonl.2'])
    const numbers = [`${path}.2`, `${path}.1`, path].flatMap((name) => linesIn(name).map(Number))
    expect(numbers).toEqual([12, 13, 14, 15, 16, 17, 18, 19].slice(-numbers.length))
    expect(numbers.at(-1)).toBe(19)
  })

  it('leaves no rotated file where none is kept', async () => {
    const folder = folderOf()
    const sink = await open(join(folder, 'out.jsonl'), { size_max: 50, keep: 0 })
    for (let seq = 0; seq < 5; seq++) await sink.deliver([itemOf(seq, 'x'.repeat(40))], never)
    await sink.close()
    expect(readdirSync(folder)).toEqual(['out.jsonl'])
    expect(linesIn(join(folder, 'out.jsonl'))).toHaveLength(1)
  })

  it('fails where it cannot be written, and is taken up again when it can', async () => {
    const folder = folderOf()
    const path = join(folder, 'out.jsonl')
    mkdirSync(path)
    await expect(open(path)).rejects.toThrow('EISDIR')
    rmSync(path, { recursive: true })
    const sink = await open(path)
    await sink.deliver([itemOf(1, 'one')], never)
    await sink.close()
    expect(linesIn(path)).toEqual(['one'])
  })
})
