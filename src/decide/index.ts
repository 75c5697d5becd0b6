/** The door of decisions: a call, a principal and a target become a decision. */
export type { ParseBody } from './content.ts'
export { type Decide, type DeciderOptions, makeDecide } from './decide.ts'
