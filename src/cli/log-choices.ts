/** What a question about the decision log may choose from: on the command line, and on the operators' port. */
export const logChoices = {
  decision: ['allow', 'deny', 'ask'],
  type: ['decision', 'outcome', 'admin', 'fault', 'checkpoint'],
} as const
