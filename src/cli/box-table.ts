/** A table in box-drawing characters for a terminal: a centred line of names, rows aligned to the left. */

/** Ends with a line break. Cells are one line each and are not cut. */
export function boxTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(...[name, ...rows.map((row) => row[column] ?? '')].map(width)))
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${widths.map((size) => '─'.repeat(size + 2)).join(middle)}${right}`
  const line = (cells: readonly string[]): string => `│${cells.map((cell) => ` ${cell} `).join('│')}│`
  return [
    rule('┌', '┬', '┐'),
    line(header.map((name, column) => centred(name, widths[column] ?? 0))),
    rule('├', '┼', '┤'),
    ...rows.map((row) => line(widths.map((size, column) => padded(row[column] ?? '', size)))),
    rule('└', '┴', '┘'),
    '',
  ].join('\n')
}

function centred(text: string, size: number): string {
  return padded(' '.repeat(Math.floor((size - width(text)) / 2)) + text, size)
}

function padded(text: string, size: number): string {
  return text + ' '.repeat(size - width(text))
}

/** Columns of a terminal: East Asian wide characters take two (UAX 11), marks that sit on others none. */
function width(text: string): number {
  let columns = 0
  for (const char of text) {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(char)) continue
    columns += isWide(char.codePointAt(0) ?? 0) ? 2 : 1
  }
  return columns
}

/** First and last code points of the blocks that are wide throughout. */
const wideBlocks: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
]

function isWide(point: number): boolean {
  return wideBlocks.some(([first, last]) => point >= first && point <= last)
}
