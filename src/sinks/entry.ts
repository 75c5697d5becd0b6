/**
 * One sink of the configuration: its schema, made of what every sink has and the settings of each kind, and what becomes of an
 * entry that the schema takes.
 */
import { z } from 'zod'
import { ConditionError, parseCondition, parseDuration, parseSize, type SinkSettings } from '../model/index.ts'
import { durationForm, form, id, milliseconds, sizeForm, word } from '../settings/index.ts'
import { formatNames } from './format.ts'
import { sinkKinds } from './kinds.ts'
import type { SettingProblem } from './sink.ts'

/** What masks: more are a mistake, and each is a walk through every record. */
const masksMax = 256
/** Conditions of one filter, as on the command line. */
const conditionsMax = 32

const condition = z
  .string()
  .superRefine((text, context) => {
    try {
      parseCondition(text)
    } catch (cause) {
      if (!(cause instanceof ConditionError)) throw cause
      context.addIssue({ code: 'custom', message: `is no condition: ${cause.message}` })
    }
  })
  .meta({ description: 'A condition on the record.', examples: ['input.call.arguments.amount>10000'] })

const only = z
  .strictObject({
    agent: word('Records of calls of this agent.').optional(),
    subject: word('Records of calls for this subject of the token.').optional(),
    tool: word('Records of calls of this tool.').optional(),
    decision: z.enum(['allow', 'deny', 'ask']).optional().meta({ description: 'Records of calls decided so.' }),
    route: word('Records of calls on this route.').optional(),
    rule: word('Records of calls for which this rule fired.').optional(),
    type: z
      .enum(['decision', 'outcome', 'approval', 'admin', 'fault', 'checkpoint'])
      .optional()
      .meta({ description: 'Records of this type.' }),
    code: word('Records with this code.').optional(),
    where: z.array(condition).max(conditionsMax).optional().meta({
      description: 'Conditions that must all hold, on the record or on the decision of its call.',
    }),
  })
  .meta({
    description:
      'Only records that match all of this, with the words of `gatehouse tail`; checkpoints only where `type: checkpoint` asks for them. Without it every record is sent, so that whoever receives them can see by `seq` that none is missing.',
  })

/** Where every record must be found again, and what says what it is. */
const unmaskable = ['seq', 'type', 'timestamp', 'decision_id', 'call_id']

const mask = form(/^(\/([^/~]|~[01])+)+$/, 'a JSON pointer (RFC 6901) such as `/input/call/arguments/iban`')
  .max(1_024)
  .refine((text) => !unmaskable.includes(text.split('/')[1] ?? ''), {
    error: `cannot lead to ${unmaskable.map((name) => `\`${name}\``).join(', ')}`,
    params: { fix: 'name another part of the record' },
  })
  .meta({ description: 'A JSON pointer (RFC 6901) into the record.', examples: ['/input/call/arguments/iban'] })

const batch = z
  .strictObject({
    records_max: z.int().min(1).max(10_000).optional().meta({ description: 'Records of one batch.' }),
    bytes_max: sizeForm(
      { min: 1024, max: 64 * 1024 ** 2 },
      'Bytes of one batch; a record that has more goes alone.',
    ).optional(),
    wait_max: durationForm({ min: 0, max: 60_000 }, 'For which a record waits for others.').optional(),
  })
  .prefault({})
  .meta({ description: 'How many records are sent together. Without it, what fits the kind of sink.' })

const kinds = Object.fromEntries(
  sinkKinds.map(({ kind, says, settings }) => [kind, settings.optional().meta({ description: says })]),
)

/** An entry of `sinks:`. */
export const sinkEntry = z
  .strictObject({
    id: id({ description: 'Name of the sink, in commands, records and metrics.', examples: ['siem'] }),
    ...kinds,
    format: z.enum(formatNames).optional().meta({
      description:
        'How records are written. Without it, what fits the kind of sink; `native` is the line of the log itself.',
    }),
    only: only.optional(),
    mask: z.array(mask).max(masksMax).default([]).meta({
      description: 'Parts of a record that this sink does not get; their pointers are added to `erased`.',
    }),
    begin: z.enum(['start', 'now']).default('start').meta({
      description: 'Where a new sink begins: with the oldest record that is there, or with what comes from now on.',
    }),
    batch,
    try_max: milliseconds({ min: 100, max: 600_000, standard: 30_000 }, 'For one try to deliver a batch.'),
    retry_max: milliseconds(
      { min: 1_000, max: 3_600_000, standard: 60_000 },
      'Between two tries while the receiver does not answer; the first ones come sooner.',
    ),
    required: z.boolean().default(false).meta({
      description:
        'Whether the gateway is not ready while this sink is further behind than `lag_max`, and the log keeps every record that the sink has not had.',
    }),
    lag_max: milliseconds(
      { min: 1_000, max: 7 * 86_400_000, standard: 300_000 },
      'For which the oldest record that was not delivered yet may have waited before a `required` sink makes the gateway not ready.',
    ),
  })
  .superRefine((entry, context) => {
    const named = sinkKinds.filter(({ kind }) => settingsOf(entry, kind) !== undefined)
    const listed = sinkKinds.map(({ kind }) => `\`${kind}\``).join(', ')
    // A kind that is misspelt is told of as that.
    const isMisspelt = named.length === 0 && context.issues.some(({ code }) => code === 'unrecognized_keys')
    if (named.length !== 1 && !isMisspelt)
      context.addIssue({
        code: 'custom',
        message: named.length === 0 ? 'it is not said where records go' : 'a sink has one receiver',
        params: { fix: `write one of ${listed}` },
      })
    const [row] = named
    if (row !== undefined && entry.format !== undefined && !row.formats.includes(entry.format))
      context.addIssue({
        code: 'custom',
        path: ['format'],
        message: `\`${row.kind}\` cannot carry \`${entry.format}\``,
        params: { fix: `write ${row.formats.map((name) => `\`${name}\``).join(' or ')}, or remove it` },
      })
  })

export type SinkEntry = z.output<typeof sinkEntry>

/** The keys of the kinds come from a table, so the type of an entry does not know them. */
function settingsOf(entry: object, kind: string): unknown {
  return (entry as { readonly [name: string]: unknown })[kind]
}

/** The settings of a sink whose marked settings (`settings/marks.ts`) hold already what they stand for. */
export function sinkSettings(entry: SinkEntry): SinkSettings {
  const row = sinkKinds.find(({ kind }) => settingsOf(entry, kind) !== undefined)
  if (row === undefined) throw new TypeError('a sink without a kind was converted')
  const { batch: wanted, only: filter } = entry
  return {
    id: entry.id,
    kind: row.kind,
    options: settingsOf(entry, row.kind),
    format: entry.format ?? row.formats[0],
    ...(filter !== undefined && { only: definedOnly(filter) }),
    mask: entry.mask,
    begin: entry.begin,
    batch: {
      recordsMax: wanted.records_max ?? row.batch.recordsMax,
      bytesMax: parseSize(wanted.bytes_max ?? '') ?? row.batch.bytesMax,
      waitMs: parseDuration(wanted.wait_max ?? '') ?? row.batch.waitMs,
    },
    tryMsMax: entry.try_max,
    retryMsMax: entry.retry_max,
    required: entry.required,
    lagMsMax: entry.lag_max,
  }
}

/** What is wrong with the settings of its kind, once they hold what they stand for; paths are within the entry. */
export function sinkProblems(entry: SinkEntry): readonly SettingProblem[] {
  return sinkKinds.flatMap(({ kind, check }) => {
    const found = settingsOf(entry, kind)
    return found === undefined ? [] : check(found).map((one) => ({ ...one, path: [kind, ...one.path] }))
  })
}

function definedOnly(filter: NonNullable<SinkEntry['only']>): NonNullable<SinkSettings['only']> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}
