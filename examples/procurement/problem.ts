/** What a service refuses, as RFC 9457 problem documents: a status, a stable code, a sentence, and the fields it is about. */
import type { Violation } from './schema.ts'

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
} as const

/** Thrown anywhere below the server, which turns it into the reply. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: keyof typeof titles
  /** Stable, for programs: lower-case words joined by `_`. */
  readonly code: string
  readonly violations: readonly Violation[]

  constructor(status: keyof typeof titles, code: string, message: string, violations: readonly Violation[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.violations = violations
  }
}

/** The body of the reply. A cause that is not a `Problem` is a bug here, and its text stays inside. */
export function describeProblem(cause: unknown): { readonly [field: string]: unknown } & { readonly status: number } {
  const problem = cause instanceof Problem ? cause : new Problem(500, 'internal', 'the service failed')
  const { status, code, message, violations } = problem
  const document = { type: 'about:blank', title: titles[status], status, detail: message, code }
  return violations.length === 0 ? document : { ...document, violations }
}
