/** Words of a command line as arguments of a tool: the type that the schema declares, or a sentence that says what to write. */
import { describe, expect, it } from 'vitest'
import { argumentsFrom } from '../../../../src/cli/mcp/arguments.ts'
import { rawNumber } from '../../../../src/model/index.ts'
import { parseJson, printJson } from '../../../../src/wire/index.ts'

const schema = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    amount: { type: 'number' },
    exact: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    options: { type: 'object' },
    nothing: { type: 'null' },
    maybe: { type: ['string', 'null'] },
    either: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
    both: { allOf: [{ type: ['string', 'integer'] }, { type: ['integer', 'boolean'] }] },
    currency: { type: 'string', enum: ['EUR', 'USD'] },
    level: { enum: [1, 2, 'high'] },
    fixed: { const: 7 },
    whatever: {},
    anything: true,
    never: false,
    referred: { $ref: '#/$defs/money' },
    endless: { $ref: '#/$defs/loop' },
    elsewhere: { $ref: 'https://schemas.example.com/a.json' },
  },
  $defs: { money: { type: 'number', minimum: 0 }, loop: { $ref: '#/$defs/loop' } },
}

const fits: readonly { word: string; wanted: unknown }[] = [
  { word: 'text=hello', wanted: 'hello' },
  { word: 'text=', wanted: '' },
  { word: 'text=a=b', wanted: 'a=b' },
  { word: 'text=12', wanted: '12' },
  { word: 'text=null', wanted: 'null' },
  { word: 'text="quoted"', wanted: '"quoted"' },
  { word: 'text={"a":1}', wanted: '{"a":1}' },
  { word: 'count=12', wanted: 12 },
  { word: 'count=1.0', wanted: 1 },
  { word: 'count=-3', wanted: -3 },
  { word: 'count=12345678901234567890', wanted: 12345678901234567890n },
  { word: 'amount=900.50', wanted: 900.5 },
  { word: 'amount=1e3', wanted: 1000 },
  { word: 'amount=0.1000000000000000055511151231257827', wanted: rawNumber('0.1000000000000000055511151231257827') },
  { word: 'exact=true', wanted: true },
  { word: 'tags=["a","b"]', wanted: ['a', 'b'] },
  { word: 'options={"a":{"b":1}}', wanted: { a: { b: 1 } } },
  { word: 'nothing=null', wanted: null },
  { word: 'maybe=null', wanted: null },
  { word: 'maybe=nobody', wanted: 'nobody' },
  { word: 'either=12', wanted: 12 },
  { word: 'either=twelve', wanted: 'twelve' },
  { word: 'both=12', wanted: 12 },
  { word: 'currency=EUR', wanted: 'EUR' },
  { word: 'level=2', wanted: 2 },
  { word: 'level=high', wanted: 'high' },
  { word: 'fixed=7', wanted: 7 },
  { word: 'whatever=7', wanted: 7 },
  { word: 'whatever=seven', wanted: 'seven' },
  { word: 'anything=[1]', wanted: [1] },
  { word: 'referred=2.5', wanted: 2.5 },
  { word: 'endless=x', wanted: 'x' },
  { word: 'elsewhere=x', wanted: 'x' },
  { word: 'text:="as JSON"', wanted: 'as JSON' },
  { word: 'count:="not what is declared"', wanted: 'not what is declared' },
]

const refused: readonly { words: string[]; wanted: RegExp; other?: unknown }[] = [
  { words: ['count=twelve'], wanted: /^the argument `count` takes integer, not `twelve`$/ },
  { words: ['count=1.5'], wanted: /takes integer, not `1.5`/ },
  { words: ['count=0x10'], wanted: /takes integer/ },
  { words: ['count=012'], wanted: /takes integer/ },
  { words: ['count='], wanted: /takes integer, not ``/ },
  { words: ['amount=NaN'], wanted: /takes number, not `NaN`/ },
  { words: ['amount=1,5'], wanted: /takes number/ },
  { words: ['exact=yes'], wanted: /takes boolean, not `yes`/ },
  { words: ['tags=a,b'], wanted: /takes array, not `a,b`/ },
  { words: ['options=[1]'], wanted: /takes object/ },
  { words: ['options={"a":1,"a":2}'], wanted: /takes object/ },
  { words: ['both=true'], wanted: /takes integer, not `true`/ },
  { words: ['never=x'], wanted: /takes no value/ },
  { words: ['currency=EUT'], wanted: /takes `EUR`, `USD`, not `EUT`; did you mean `EUR`\?/ },
  { words: ['level=3'], wanted: /takes `1`, `2`, `high`, not `3`/ },
  { words: ['fixed=8'], wanted: /takes `7`, not `8`/ },
  { words: ['text'], wanted: /`--arg` takes `name=value`, or `name:=JSON`, not `text`/ },
  { words: ['=x'], wanted: /`--arg` takes/ },
  { words: ['text:=:='], wanted: /`text:=` takes JSON/ },
  { words: [':=x'], wanted: /`--arg` takes/ },
  { words: ['text=a', 'text=b'], wanted: /the argument `text` comes twice/ },
  { words: ['options:={"a":1,"a":2}'], wanted: /`options:=` takes JSON: .*comes twice/ },
  { words: ['amont=1'], wanted: /the tool `pay` has no argument `amont`; did you mean `amount`\?.*--args-json/ },
  { words: ['a\u001bb=1'], wanted: /no argument `a\\u\{1b\}b`/ },
  {
    words: ['x=1'],
    wanted: /has no argument `x`; it has none$/,
    other: { type: 'object', additionalProperties: false },
  },
  {
    words: [],
    wanted: /needs `a` \(string\), `b` \(any value\)/,
    other: { properties: { a: { type: 'string' } }, required: ['a', 'b'] },
  },
]

describe('arguments of a call', () => {
  it.each(fits)('are made of $word', ({ word, wanted }) => {
    const made = argumentsFrom({ words: [word], json: undefined }, 'pay', schema)
    expect(printJson(Object.values(made)[0] ?? null)).toBe(printJson(wanted as never))
    expect(Object.keys(made)).toEqual([word.split(/:?=/)[0]])
  })

  it.each(refused)('are refused where they cannot be: $words', ({ words, wanted, other }) => {
    expect(() => argumentsFrom({ words, json: undefined }, 'pay', (other ?? schema) as never)).toThrow(wanted)
  })

  it('may have any name where the tool declares none, or says that others are possible', () => {
    for (const open of [undefined, {}, { properties: { a: {} }, additionalProperties: true }])
      expect(argumentsFrom({ words: ['b=1'], json: undefined }, 'pay', open)).toEqual({ b: 1 })
    const typed = { properties: {}, additionalProperties: { type: 'string' } }
    expect(argumentsFrom({ words: ['b=1'], json: undefined }, 'pay', typed)).toEqual({ b: '1' })
  })

  it('are an object as it was written, whatever the tool declares, with further words beside it', () => {
    const text = Buffer.from('{"unknown":1.50,"count":"text","__proto__":{"x":1}}')
    const made = argumentsFrom({ words: ['text=a'], json: { from: 'a.json', text } }, 'pay', {
      ...schema,
      required: ['amount'],
    })
    expect(printJson(made)).toBe(
      printJson(parseJson(Buffer.from('{"unknown":1.50,"count":"text","__proto__":{"x":1},"text":"a"}'))),
    )
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
  })

  it.each([
    { text: '[1]', wanted: /`a.json` holds no arguments: it is no object of JSON/ },
    { text: '{"a":1,"a":2}', wanted: /`a.json` holds no arguments: .*comes twice/ },
    { text: '', wanted: /`a.json` holds no arguments/ },
  ])('are refused from a file with $text', ({ text, wanted }) => {
    const json = { from: 'a.json', text: Buffer.from(text) }
    expect(() => argumentsFrom({ words: [], json }, 'pay', schema)).toThrow(wanted)
  })

  it('are refused where a word and the file have the same name', () => {
    const json = { from: 'a.json', text: Buffer.from('{"text":"a"}') }
    expect(() => argumentsFrom({ words: ['text=b'], json }, 'pay', schema)).toThrow(/`text` comes twice/)
  })
})
