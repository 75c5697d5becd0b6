/**
 * Pages as programs: the files that a page shows, and the commands in its boxes with what they print. A block of Rego or JavaScript begins with a
 * comment that names its file, a block of JSON has the name beside its language; a `console` block has commands behind `$ ` and their output.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

interface Block {
  readonly language: string
  readonly words: string
  readonly text: string
}

export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', words = '', text = '']) => ({
    language,
    words,
    text,
  }))
}

/** The files of a page by path. */
export function filesOf(page: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    blocksOf(page).flatMap(({ language, words, text }) => {
      if (language === 'rego' || language === 'js') {
        const name = /^(?:#|\/\/) (\S+\.\w+)\n/.exec(text)?.[1]
        return name === undefined ? [] : [[name, text]]
      }
      return language === 'json' && words !== '' ? [[words, text]] : []
    }),
  )
}

/** A command as a shell takes it, and what it prints. */
export interface Shown {
  readonly command: string
  readonly printed: string
}

/** The commands of the `console` blocks in their order. */
export function commandsOf(page: string): readonly Shown[] {
  return blocksOf(page)
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) =>
      text
        .split(/^\$ /m)
        .slice(1)
        .map((part) => {
          const end = part.indexOf('\n')
          return { command: part.slice(0, end), printed: part.slice(end + 1) }
        }),
    )
}

/** The rows of tables with a command in either column. */
export function pairsOf(page: string): readonly { readonly theirs: string; readonly ours: string }[] {
  return [...page.matchAll(/^\| `(opa [^`]+)` \| `(npx gatehouse [^`]+)` \|$/gm)].map(([, theirs = '', ours = '']) => ({
    theirs,
    ours,
  }))
}

/** Writes files below a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
