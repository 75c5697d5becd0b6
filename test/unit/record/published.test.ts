/** What is published about the log's lines, for those who read them elsewhere. */
import { describe, expect, it } from 'vitest'
import { decisionLogSchema } from '../../../src/record/index.ts'
import { decisionLogPage } from '../../support/decision-log-page.ts'

describe('published files', () => {
  it('docs/reference/decision-log.schema.json is what the log writes (npm run generate writes it)', async () => {
    const text = `${JSON.stringify(decisionLogSchema(), null, 2)}\n`
    await expect(text).toMatchFileSnapshot('../../../docs/reference/decision-log.schema.json')
  })

  it('docs/reference/decision-log.md is what the schema says', async () => {
    await expect(decisionLogPage()).toMatchFileSnapshot('../../../docs/reference/decision-log.md')
  })
})
