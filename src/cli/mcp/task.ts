/** A tool that answers with a task (SEP-2663) is waited for: the task is asked about until it is over, and called off when nobody waits any more. */
import { isJsonObject, type Json, type JsonObject, visible } from '../../model/index.ts'
import { memberOf } from '../../wire/index.ts'
import { CommandError, exitStatus } from '../io.ts'
import type { Client } from './client.ts'
import { errorOf } from './refused.ts'
import { askedText } from './result-text.ts'

/** Milliseconds between two looks, whatever the server wishes: neither a flood nor a sleep. */
const lookMsMin = 250
const lookMsMax = 10_000
const lookMs = 1_000

export interface TaskPorts {
  readonly signal: AbortSignal
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Has `run` done before the client is closed; gives the function that takes it back. */
  atEnd(run: (signal: AbortSignal) => Promise<void>): () => void
  /** Told of what the task says of itself, when it says something new. */
  readonly tell: (status: string) => Promise<void>
}

/** What a call came to, and its text as it was written. */
export interface Finished {
  readonly result: JsonObject
  readonly bytes: Buffer
}

/** `created` is the result of the type `task`. Rejects with a `CommandError` where the task comes to no result. */
export async function waitForTask(client: Client, created: JsonObject, ports: TaskPorts): Promise<Finished> {
  const { taskId } = created
  if (typeof taskId !== 'string' || taskId === '')
    throw new CommandError('the tool answered with a task that has no `taskId`', exitStatus.finding)
  const { signal, pause, tell, atEnd } = ports
  const forget = atEnd((farewell) => callOff(client, taskId, farewell))
  let task = created
  let told = ''
  for (;;) {
    const words = statusWords(task)
    if (words !== told) await tell(words)
    told = words
    await pause(waitMs(task.pollIntervalMs), signal)
    if (signal.aborted) throw signal.reason
    const { result, bytes } = await client.request('tasks/get', { taskId }, { name: taskId })
    const finished = finishedOf(result, bytes)
    if (finished !== undefined) {
      forget()
      return finished
    }
    task = result
  }
}

/** The server is asked to stop; whether it does is its own affair. Never rejects. */
async function callOff(client: Client, taskId: string, signal: AbortSignal): Promise<void> {
  await client.request('tasks/cancel', { taskId }, { name: taskId, signal }).catch(() => undefined)
}

/** Undefined while it runs. */
function finishedOf(task: JsonObject, bytes: Buffer): Finished | undefined {
  const { status, result, error, inputRequests } = task
  if (status === 'working') return undefined
  if (status === 'completed' && isJsonObject(result))
    return { result, bytes: memberOf(bytes, ['result', 'result']) ?? Buffer.from('{}') }
  if (status === 'input_required')
    throw new CommandError(
      `the task waits for what this client cannot give:\n${askedText(inputRequests).trimEnd()}`,
      exitStatus.finding,
      { ...(inputRequests !== undefined && { asked: inputRequests }) },
    )
  if (status === 'failed' && isJsonObject(error))
    throw errorOf(error, { status: 200, headers: new Headers() }, 'tools/call')
  throw new CommandError(`the task ended without a result: ${statusWords(task)}`, exitStatus.finding)
}

function statusWords({ status, statusMessage }: JsonObject): string {
  const words = typeof status === 'string' ? status : 'of no status'
  return visible(typeof statusMessage === 'string' ? `${words}: ${statusMessage}` : words)
}

function waitMs(wished: Json | undefined): number {
  return typeof wished === 'number' ? Math.min(Math.max(wished, lookMsMin), lookMsMax) : lookMs
}
