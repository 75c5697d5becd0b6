/** Makes tar archives by hand, whole ones and broken ones: POSIX ustar headers, with any type and any size that is claimed. */

const blockBytes = 512

export interface TarEntry {
  readonly name: string
  readonly content?: string
  /** `0` file, `5` folder, `2` link, `x` pax, `L` GNU long name. Default `0`. */
  readonly type?: string
  /** What the header claims; default the truth. */
  readonly size?: number
  readonly prefix?: string
}

export function tarOf(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * blockBytes)])
}

/** One record of a pax header: its length counts itself. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest)
  return `${length}${rest}`
}

function blocksOf({ name, content = '', type = '0', size, prefix = '' }: TarEntry): Buffer[] {
  const bytes = Buffer.from(content)
  const header = Buffer.alloc(blockBytes)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345, 155)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  const padding = Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)
  return [header, bytes, padding]
}
