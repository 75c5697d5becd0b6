/** What a command is: a row of the table in `commands.ts`, from which parsing, help, completion and the reference page are made. */
import type { Io } from './io.ts'

export interface Flag {
  /** Without the dashes: `no-follow`. */
  readonly name: string
  /** One letter, written after one dash: `f`. */
  readonly short?: string
  /** A `switch` may also be written `--flag=true` and `--flag=false`. A `list` is divided at its commas. */
  readonly kind: 'switch' | 'list' | 'text' | 'file' | 'folder' | 'choice' | 'port' | 'duration' | 'count'
  /** Name of the value in help: `FILE`. Not for switches. */
  readonly value?: string
  /** Of kind `choice`. */
  readonly choices?: readonly string[]
  /** May come more than once. */
  readonly repeats?: boolean
  /** One sentence without a full stop. */
  readonly says: string
}

export interface Operand {
  /** In capitals: `AGENT`. */
  readonly name: string
  readonly says: string
  readonly choices?: readonly string[]
  readonly optional?: boolean
  /** May come more than once. Only for the last. */
  readonly repeats?: boolean
  /** It names a file or folder: shells complete it so. */
  readonly isPath?: boolean
}

/** A flag that `opa` has for the same command and that means nothing here. */
export interface RefusedFlag {
  readonly name: string
  readonly short?: string
  /** Why, and what to do instead: one sentence without a full stop. */
  readonly says: string
}

export interface Command {
  readonly name: string
  /** One line for the list of commands; no full stop. */
  readonly summary: string
  /** Paragraphs for its own help. */
  readonly about: string
  readonly operands: readonly Operand[]
  readonly flags: readonly Flag[]
  /** Answered by name, so that a script made for `opa` learns why it cannot run. */
  readonly refused?: readonly RefusedFlag[]
  /** Exit status for wrong usage; default 2. Commands that stand in for those of `opa` have its 1. */
  readonly usageStatus?: 1
  /** Lines to paste, with what they do. */
  readonly examples: readonly { readonly line: string; readonly does: string }[]
}

/** Gives the exit status. Throws `CommandError` or `ConfigErrors` for what a person can put right. */
export type RunCommand = (options: Options, io: Io) => Promise<number>

/** The checked words after the command's name. Asking for a flag that the command does not have is a bug and throws. */
export interface Options {
  readonly operands: readonly string[]
  is(flag: string): boolean
  text(flag: string): string | undefined
  list(flag: string): readonly string[]
  /** Milliseconds of a `duration`. */
  ms(flag: string): number | undefined
  /** 0 to 65,535. */
  port(flag: string): number | undefined
  /** 0 to 10,000. */
  count(flag: string): number | undefined
  /** Whether a switch was given as `--flag=false`. */
  isOff(flag: string): boolean
}
