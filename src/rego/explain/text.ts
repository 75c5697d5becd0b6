/** An explanation for people: the rules, their decisive conditions and the values that these saw, as many lines as one reads at once. */
import { termText } from '../builtins/term-text.ts'
import { ruleName } from '../plan/direct.ts'
import type { Json, Value } from '../value.ts'
import type { Explanation } from './explain.ts'
import type { ExplainedCondition, ExplainedDocument, ExplainedRule, ExplainedValue } from './explanation.ts'

export interface ExplanationTextOptions {
  /** Lines at most, 1 and up; the last one says how many were left out. Default 10. */
  readonly linesMax?: number
  /** What a file is called. Default: as it was given. */
  readonly fileName?: (file: string) => string
  /** Whether a document is told of with its conditions; of others only the rules that gave something are named. Default: all are. */
  readonly inFull?: (document: ExplainedDocument) => boolean
}

/** Characters of a value, and of an expression, that are shown. */
const valueCharsMax = 80
const expressionCharsMax = 160

/** Lines without a break at the end: what decided comes first. */
export function explanationText(explanation: Explanation, options: ExplanationTextOptions = {}): string {
  const { linesMax = 10, fileName = (file) => file, inFull = () => true } = options
  const lines = (explanation.errors ?? []).map(
    ({ code, message, file, row }) => `${file === '' ? '' : `${fileName(file)}:${row}: `}${code}: ${message}`,
  )
  const { documents } = explanation
  for (const document of documents) if (inFull(document)) lines.push(...documentLines(document, fileName))
  const others = documents.filter((document) => !inFull(document)).flatMap(({ rules }) => rules)
  for (const rule of others) if (rule.outcome === 'gave') lines.push(gaveLine(rule, fileName))
  if (lines.length === 0) lines.push(`\`${explanation.query}\` asks no rule`)
  if (lines.length <= linesMax) return lines.join('\n')
  const shown = lines.slice(0, Math.max(linesMax - 1, 0))
  return [...shown, `... ${lines.length - shown.length} more lines`].join('\n')
}

type FileName = (file: string) => string

function documentLines({ name, rules }: ExplainedDocument, fileName: FileName): string[] {
  const gave = rules.filter(({ outcome }) => outcome === 'gave')
  if (gave.length > 0) return gave.flatMap((rule) => gaveLines(rule, '', fileName))
  const byDefault = rules.find(({ outcome }) => outcome === 'default')
  const failed = rules.filter(({ outcome }) => outcome === 'failed')
  const value = byDefault === undefined ? 'nothing' : written(byDefault.gave[0] ?? null)
  return [`${name} gave ${value}:`, ...failed.flatMap((rule) => failedLines(rule, '  ', fileName))]
}

function gaveLine(rule: ExplainedRule, fileName: FileName): string {
  return `${placed(rule, fileName)} gave ${rule.gave.map(written).join(', ')}`
}

function gaveLines(rule: ExplainedRule, indent: string, fileName: FileName): string[] {
  const conditions = rule.conditions.flatMap((condition) => conditionLines(condition, `${indent}  `, '', fileName))
  return [`${indent}${gaveLine(rule, fileName)}`, ...conditions]
}

function failedLines(rule: ExplainedRule, indent: string, fileName: FileName): string[] {
  const failed = rule.conditions.at(-1)
  const head = `${placed(rule, fileName)}: `
  if (failed === undefined) return [`${indent}${head}does not fit these arguments`]
  return conditionLines(failed, indent, head, fileName)
}

/** A condition, the values that it saw, and what is behind it: of one that held only what was negated, since the rest speaks for itself. */
function conditionLines(condition: ExplainedCondition, indent: string, head: string, fileName: FileName): string[] {
  const failed = condition.inner.find(({ held }) => !held)
  const inner = failed === undefined ? condition.inner : [failed]
  const rules = [...(condition.held ? [] : condition.rules), ...inner.flatMap((each) => each.rules)]
  const values = [...condition.values, ...inner.flatMap((each) => each.values)].filter(
    ({ term }, i, all) => all.findIndex((each) => each.term === term) === i,
  )
  const below = `${indent}  `
  const text = shortened(condition.text, expressionCharsMax)
  const [only, ...others] = values
  if (others.length === 0 && only !== undefined && only.term === condition.text)
    return [`${indent}${head}${valueText(only)}`, ...rules.flatMap((rule) => behind(rule, below, fileName))]
  // Why a document is undefined is told by its rules.
  const said = values.filter(({ value }) => value !== undefined || rules.length === 0).map(valueText)
  return [
    `${indent}${head}${text}`,
    ...(said.length === 0 ? [] : [`${below}${said.join(', ')}`]),
    ...rules.flatMap((rule) => behind(rule, below, fileName)),
  ]
}

function behind(rule: ExplainedRule, indent: string, fileName: FileName): string[] {
  return rule.outcome === 'failed' ? failedLines(rule, indent, fileName) : gaveLines(rule, indent, fileName)
}

function placed(rule: ExplainedRule, fileName: FileName): string {
  return `${ruleName(rule)} (${fileName(rule.file)}:${rule.row})`
}

function valueText({ term, value }: ExplainedValue): string {
  const text = shortened(term, expressionCharsMax)
  return value === undefined ? `${text} is undefined` : `${text} = ${written(value)}`
}

function written(value: Json): string {
  return shortened(termText(value as Value), valueCharsMax)
}

function shortened(text: string, charsMax: number): string {
  return text.length > charsMax ? `${text.slice(0, charsMax)}...` : text
}
