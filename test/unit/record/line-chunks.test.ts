/** Lines in pieces: whatever their lengths and wherever pieces and segments end, each comes once, whole and in its place. */
import { describe, expect, it } from 'vitest'
import type { ReadFiles } from '../../../src/record/files.ts'
import { type LineChunk, lineChunks, lineOf, placeOf } from '../../../src/record/line-chunks.ts'

const mib = 1024 * 1024

function filesOf(segments: readonly string[], read?: (path: string) => void): ReadFiles {
  const names = segments.map((_, place) => `${String(place + 1).padStart(10, '0')}.jsonl`)
  const bytesOf = (path: string) => Buffer.from(segments[names.indexOf(path.slice('/log/'.length))] as string)
  return {
    list: async () => names,
    sizeBytes: async (path) => bytesOf(path).length,
    async read(path, position, length) {
      read?.(path)
      return Buffer.from(bytesOf(path).subarray(position, position + length))
    },
  }
}

async function linesFrom(files: ReadFiles, from: number): Promise<{ line: number; text: string }[]> {
  const found: { line: number; text: string }[] = []
  for await (const chunk of lineChunks(files, '/log', from)) found.push(...linesOf(chunk))
  return found
}

function linesOf(chunk: LineChunk): { line: number; text: string }[] {
  return chunk.starts
    .slice(0, -1)
    .map((_, place) => ({ line: chunk.first + place, text: lineOf(chunk, place).toString() }))
}

const numbered = (from: number, count: number, size = 20) =>
  Array.from({ length: count }, (_, place) => `{"seq":${from + place},"x":"${'x'.repeat(size)}"}`)
const segment = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

describe('lines in pieces', () => {
  it('come each once and whole, over the borders of pieces and segments', async () => {
    const lines = numbered(0, 30, mib - 50)
    const files = filesOf([segment(lines.slice(0, 11)), '', segment(lines.slice(11, 12)), segment(lines.slice(12))])
    expect(await linesFrom(files, 0)).toEqual(lines.map((text, line) => ({ line, text })))
  })

  it('end with the last newline of a segment', async () => {
    const lines = numbered(0, 3)
    const files = filesOf([`${segment(lines.slice(0, 2))}{"seq":2`, segment(lines.slice(2))])
    expect((await linesFrom(files, 0)).map(({ text }) => text)).toEqual(lines)
  })

  it('may be empty, or longer than any record: what has no newline in a whole piece counts as a line', async () => {
    const long = 'y'.repeat(9 * mib)
    const found = await linesFrom(filesOf([`\n\n${long}\nend\n`]), 0)
    expect(found.slice(0, 2).map(({ text }) => text)).toEqual(['', ''])
    expect(found.at(-1)?.text).toBe('end')
    expect(found.length).toBeGreaterThan(3)
  })

  it('begin in the segment that has the wanted one, and no other is read', async () => {
    const lines = numbered(0, 40)
    const read = new Set<string>()
    const files = filesOf(
      [0, 10, 20, 30].map((from) => segment(lines.slice(from, from + 10))),
      (path) => read.add(path),
    )
    const found = await linesFrom(files, 25)
    expect(found.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, place) => 20 + place))
    expect(found.every(({ line, text }) => placeOf(Buffer.from(text)) === line)).toBe(true)
    expect([...read].sort()).toEqual(['/log/0000000003.jsonl', '/log/0000000004.jsonl'])
  })

  it('are those that were there at first, when the segment grows meanwhile', async () => {
    const before = segment(numbered(0, 2))
    const files = filesOf([before + segment(numbered(2, 1))])
    const grown = { ...files, sizeBytes: async () => before.length }
    expect(await linesFrom(grown, 0)).toHaveLength(2)
    expect(await linesFrom({ ...files, sizeBytes: async () => 0 }, 0)).toEqual([])
  })
})
