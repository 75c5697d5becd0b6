/**
 * What the suite of sinks asks of a real server: that it can be started, killed, started again and stopped for a while, and shows what
 * it has. One file a server, one row in `index.ts`; the model is `webhook.ts`.
 */
export interface ReceiverKind {
  /** Kind of the sink, as in the configuration. */
  readonly kind: string
  /** Name of the variable that holds the folder of the installed server; undefined where there is none to install. */
  readonly installed?: string
  /** A text inside a record that makes the server refuse that record, or why it refuses none. */
  readonly poison: { readonly text: string } | { readonly none: string }
  /** Where there is no server that could be killed or stopped: why. */
  readonly serverless?: string
  /** Records of one scenario, where the server needs fewer or bears more than 2,000. */
  readonly records?: number
  /** Rejects when the server does not run within a minute. `folder` is empty and its own. */
  start(folder: string, installed: string): Promise<Receiver>
}

export interface Receiver {
  /** What stands in the configuration below the key of the kind. */
  readonly settings: object
  /** More of the sink's entry, such as `format`. */
  readonly entry?: object
  /** Variables that the settings refer to. */
  readonly environment?: { readonly [name: string]: string }
  /** Everything that it has, in its order, duplicates included. */
  received(): Promise<readonly Received[]>
  /** SIGKILL: what it acknowledged must be there afterwards. */
  kill(): Promise<void>
  /** Same data, same address. Resolves when it takes connections. */
  restart(): Promise<void>
  /** SIGSTOP: it is there and does not answer. */
  pause(): void
  resume(): void
  close(): Promise<void>
  /** Where the sink writes to the standard output of the gateway. */
  readonly reads?: (output: NodeJS.ReadableStream) => void
}

export interface Received {
  readonly seq: number
  /** The record as it came, to compare duplicates by. */
  readonly text: string
}

/** `seq` of a record in native format. */
export function receivedLine(text: string): Received {
  const { seq } = JSON.parse(text) as { seq: number }
  return { seq, text }
}
