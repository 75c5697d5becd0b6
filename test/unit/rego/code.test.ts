/** The code writer: a policy's text reaches compiled code as a string literal or not at all. */
import { describe, expect, it } from 'vitest'
import { Code, code, join, name, namesOf } from '../../../src/rego/emit/code.ts'
import { prepare } from '../../../src/rego/index.ts'

/** Texts that end a literal, a template, a comment or a line in JavaScript. */
const hostile = [
  '"; globalThis.pwned = true; "',
  "'; globalThis.pwned = true; '",
  ['`', '$', '{globalThis.pwned = true}`'].join(''),
  '*/ globalThis.pwned = true /*',
  '\\"; globalThis.pwned = true; //',
  '\u2028globalThis.pwned = true\u2028',
  '\n}; globalThis.pwned = true; {',
  '</script><script>globalThis.pwned = true</script>',
  '\\u0022; globalThis.pwned = true',
  '__proto__',
  'constructor',
]

describe('the code writer', () => {
  it.each(hostile)('quotes %j', (text) => {
    expect(new Function(`return ${code`${text}`.text}`)()).toBe(text)
  })

  it('makes code from nothing else', () => {
    expect(() => new Code(Symbol('made by the code writer') as never, 'globalThis')).toThrow(TypeError)
    expect(() => code`${Number.POSITIVE_INFINITY}`).toThrow(RangeError)
    expect(() => name('temp', Number.NaN)).toThrow(RangeError)
    expect(() => namesOf({ 'a; b': 1 })).toThrow(TypeError)
    const look = { text: 'globalThis.pwned = true' } as unknown as Code
    expect(code`${look}`.text).not.toContain('pwned')
    expect(join([code`a`, code`b`]).text).toBe('a, b')
  })
})

describe('a policy', () => {
  it.each(hostile)('with %j in every place of a string runs as data', (text) => {
    const quoted = JSON.stringify(text)
    const modules = {
      [text]: `package a[${quoted}]
import data.b[${quoted}] as b
p[${quoted}] := input[${quoted}]
q contains ${quoted} if input[${quoted}] == ${quoted}
r := {${quoted}: [${quoted}], "base": b, "text": sprintf("%v ${quoted.slice(1, -1).replaceAll('%', '%%')}", [${quoted}])}
s := x if { x := input[${quoted}] with input[${quoted}] as ${quoted} }
f(${quoted}) := ${quoted}
t := f(input[${quoted}])
`,
    }
    const b = Object.fromEntries([[text, 1]])
    const input = JSON.parse(`{${quoted}: ${quoted}}`)
    const query = prepare({ query: `data.a[${quoted}]`, modules, data: { b } })
    const value = query.value(input) as Record<string, unknown>
    expect(value.p).toStrictEqual(JSON.parse(`{${quoted}: ${quoted}}`))
    expect(value.q).toEqual([text])
    expect(value.s).toBe(text)
    expect(value.t).toBe(text)
    expect(JSON.stringify(value.r)).toContain(quoted)
    expect('pwned' in globalThis).toBe(false)
  })
})
