/** Text of others on a terminal: shown as it is, or as escapes where a terminal could act on it. */
import { describe, expect, it } from 'vitest'
import { visible, visibleJson } from '../../../src/model/index.ts'

describe('visible', () => {
  it('leaves what people write alone', () => {
    for (const text of ['naïve', '購買', '🙂', 'a b\u00a0c', '']) expect(visible(text)).toBe(text)
  })

  it('keeps JSON the same JSON', () => {
    const value = { '\u009b': '\u202e\u001b🙂\u200d\ud800\u{e0001}' }
    const shown = visibleJson(JSON.stringify(value))
    expect(JSON.parse(shown)).toEqual(value)
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
  })
})
