/** `gatehouse fmt` as a shell calls it: texts, lists, differences and exit statuses are those of `opa fmt`. Each case has its own folder. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { unifiedDiff } from '../../../src/cli/line-diff.ts'
import { runWords } from '../../../src/cli/main.ts'
import { makeFakeIo } from '../../support/io.ts'
import { randomFrom } from '../../support/random.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const files = {
  'p/b.rego': 'package b\nx=1\n',
  'p/a.rego': 'package a\n\nx := 1\n',
  'p/sub/c.rego': 'package c\ny=2\n',
  'p/notes.txt': 'package n\nx=1\n',
  'bad.rego': 'package bad\np {',
}
const formatted = { b: 'package b\n\nx := 1\n', c: 'package c\n\ny := 2\n' }

function folderWithFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-fmt-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

async function run(line: string, directory = folderWithFiles(), input?: string) {
  const io = makeFakeIo({ directory, ...(input !== undefined && { input }) })
  const status = await runWords(line.split(' '), io)
  return { status, out: io.stdout.text, err: io.stderr.text, directory }
}

describe('gatehouse fmt', () => {
  it.each([
    ['prints files in order', 'fmt p', 0, files['p/a.rego'] + formatted.b + formatted.c],
    ['prints one file', 'fmt p/b.rego', 0, formatted.b],
    ['passes over what is not named .rego', 'fmt p/notes.txt', 0, ''],
    ['lists what would change', 'fmt --list p', 0, 'p/b.rego\np/sub/c.rego\n'],
    ['lists the first that fails', 'fmt -l --fail p', 2, 'p/b.rego\n'],
    ['shows differences', 'fmt -d p/b.rego', 0, unifiedDiff('p/b.rego', files['p/b.rego'], formatted.b)],
    [
      'shows the first difference that fails',
      'fmt -d --fail p',
      2,
      unifiedDiff('p/b.rego', files['p/b.rego'], formatted.b),
    ],
    ['fails before it prints', 'fmt --fail p/b.rego', 2, ''],
    ['does not fail for what is formatted', 'fmt --fail p/a.rego', 0, files['p/a.rego']],
    ['the list wins over the difference', 'fmt -l -d p/b.rego', 0, 'p/b.rego\n'],
    ['takes switches in one word', 'fmt -ld p/b.rego', 0, 'p/b.rego\n'],
    ['takes switches with their values', 'fmt --list=true --check-result=false p/b.rego', 0, 'p/b.rego\n'],
    ['takes several paths', 'fmt -l p/sub p/b.rego', 0, 'p/sub/c.rego\np/b.rego\n'],
    ['refuses what is not Rego', 'fmt bad.rego', 2, ''],
    ['refuses what is not there', 'fmt nothing', 1, ''],
  ])('%s: %s', async (_note, line, status, out) => {
    expect(await run(line)).toMatchObject({ status, out })
  })

  it.each(['rego-v1', 'v0-compatible', 'v0-v1', 'drop-v0-imports'])('answers `--%s` with a sentence', async (flag) => {
    const { status, err } = await run(`fmt --${flag} p`)
    expect(status).toBe(2)
    expect(err).toMatch(new RegExp(`does not take \`--${flag}\`: \\w+ \\w+ \\w+`))
  })

  it('says where the source is wrong and which file is not formatted', async () => {
    expect((await run('fmt bad.rego')).err).toContain('bad.rego:2:4: rego_parse_error')
    expect((await run('fmt --fail p')).err).toBe(
      'gatehouse: `p/b.rego` is not formatted; run `gatehouse fmt --write p/b.rego`\n',
    )
  })

  it('writes into the files that change, with the rights that they have, and into no other', async () => {
    const directory = folderWithFiles()
    chmodSync(join(directory, 'p/b.rego'), 0o640)
    chmodSync(join(directory, 'p/a.rego'), 0o444)
    expect(await run('fmt -w p', directory)).toMatchObject({ status: 0, out: '', err: '' })
    expect(readFileSync(join(directory, 'p/b.rego'), 'utf8')).toBe(formatted.b)
    expect(readFileSync(join(directory, 'p/sub/c.rego'), 'utf8')).toBe(formatted.c)
    expect(readFileSync(join(directory, 'p/notes.txt'), 'utf8')).toBe(files['p/notes.txt'])
    expect(statSync(join(directory, 'p/b.rego')).mode & 0o777).toBe(0o640)
    expect(await run('fmt --list --fail p', directory)).toMatchObject({ status: 0, out: '' })
  })

  it('writes nothing where it fails', async () => {
    const directory = folderWithFiles()
    expect(await run('fmt -w --fail p', directory)).toMatchObject({ status: 2, out: '' })
    expect(readFileSync(join(directory, 'p/b.rego'), 'utf8')).toBe(files['p/b.rego'])
  })

  it('follows links to files, not to folders', async () => {
    const directory = folderWithFiles()
    symlinkSync(join(directory, 'p/b.rego'), join(directory, 'p/sub/link.rego'))
    symlinkSync(join(directory, 'p'), join(directory, 'p/sub/round.rego'))
    const { status, err } = await run('fmt -l p', directory)
    expect(status).toBe(2)
    expect(err).toContain('`p/sub/round.rego` cannot be read')
    rmSync(join(directory, 'p/sub/round.rego'))
    expect((await run('fmt -l p', directory)).out).toBe('p/b.rego\np/sub/c.rego\np/sub/link.rego\n')
  })

  it('takes file:// and absolute paths', async () => {
    const directory = folderWithFiles()
    expect((await run(`fmt -l file://${directory}/p/b.rego`, directory)).out).toBe(`${directory}/p/b.rego\n`)
    expect((await run(`fmt -l ${directory}/p/b.rego`, directory)).out).toBe(`${directory}/p/b.rego\n`)
  })

  it('formats standard input', async () => {
    expect(await run('fmt', undefined, files['p/b.rego'])).toMatchObject({ status: 0, out: formatted.b })
    expect(await run('fmt', undefined, 'package')).toMatchObject({ status: 1, out: '' })
  })

  it('refuses bytes that are no UTF-8 and leaves them', async () => {
    const directory = folderWithFiles()
    const bytes = Buffer.from([...Buffer.from('package a\nx="'), 0xff, 0x22])
    writeFileSync(join(directory, 'p/a.rego'), bytes)
    expect(await run('fmt -w p/a.rego', directory)).toMatchObject({ status: 2 })
    expect(readFileSync(join(directory, 'p/a.rego'))).toEqual(bytes)
  })

  it('tells programs what is wrong as JSON', async () => {
    const { err } = await run('fmt --fail --format json p')
    expect(JSON.parse(err)).toMatchObject({ error: { status: 2 } })
  })
})

const hasPatch = spawnSync('patch', ['--version']).status === 0

describe('a difference', () => {
  it.skipIf(!hasPatch)(
    `is what${hasPatch ? '' : ' (skipped: there is no `patch`)'} patch makes the new text of, for any two texts`,
    () => {
      const directory = folderWithFiles()
      const roll = randomFrom(20_261_123)
      const some = (): string => {
        const lines = Array.from({ length: Math.floor(roll() * 30) }, () => `line ${Math.floor(roll() * 6)}`)
        return lines.length === 0 ? '' : `${lines.join('\n')}${roll() < 0.8 ? '\n' : ''}`
      }
      for (let i = 0; i < 60; i++) {
        const [before, after] = [some(), some()]
        const diff = unifiedDiff('x', before, after)
        if (before === after) {
          expect(diff).toBe('')
          continue
        }
        writeFileSync(join(directory, 'x'), before)
        writeFileSync(join(directory, 'x.diff'), diff)
        execFileSync('patch', ['-s', '-o', join(directory, 'y'), join(directory, 'x'), join(directory, 'x.diff')])
        expect(readFileSync(join(directory, 'y'), 'utf8'), diff).toBe(after)
      }
    },
  )

  it('of long texts with nothing in common ends', () => {
    const many = (name: string): string => Array.from({ length: 20_000 }, (_, i) => `${name}${i}\n`).join('')
    expect(unifiedDiff('x', many('a'), many('b')).split('\n').length).toBe(40_004)
  })
})
