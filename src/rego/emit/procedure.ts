/** Emits procedures: one JavaScript function for each rule, its statements in their order. Failing is a jump out of the block around. */
import type { Block, Operand, Override, Procedure, StateId, Statement, Temp } from '../plan/ir.ts'
import { type Calls, emitCall, emitCheck, emitEqual } from './calls.ts'
import { type Code, code, join, name } from './code.ts'
import { emitFormat } from './format.ts'
import { emitFind, emitGet, inheritedAt } from './get.ts'
import type { Instrument } from './instrument.ts'

/** What a procedure must know of the whole plan. */
export interface Context extends Calls {
  readonly instrument: Instrument
  /** Whether a `with` somewhere may replace something at a path, above it or below it. */
  isReplaceable(path: readonly string[]): boolean
  /** A number for what a state remembers of one function or comprehension. */
  nextSlot(): number
  /** The name of the tree node or leaf at a path. */
  treeNode(path: readonly string[]): Code
}

/** What `result`, `insert` and `reach` do where they stand. */
interface Ends {
  readonly fail: Code
  readonly reach?: Code
  readonly hole?: Temp
}

export function emitProcedure(context: Context, procedure: Procedure): Code {
  return new ProcedureWriter(context, procedure).write()
}

class ProcedureWriter {
  readonly #context: Context
  readonly #procedure: Procedure
  readonly #lines: Code[] = []
  readonly #collections = new Map<Temp, 'array' | 'set' | 'object'>()
  /** Arrays that nothing is gone through for. */
  readonly #short = new Set<Temp>()
  /** Temporaries that are base documents which nothing replaces, and their paths. */
  readonly #bases = new Map<Temp, readonly string[]>()
  readonly #prologue: Code[] = []
  readonly #inheritedKeys = new Map<string, Code>()
  /** The index of the innermost `indexed`. */
  #filed: Code | undefined
  #labels = 0
  #loops = 0
  #clause = 0

  constructor(context: Context, procedure: Procedure) {
    this.#context = context
    this.#procedure = procedure
  }

  write(): Code {
    const { id, kind, params, clauses } = this.#procedure
    const { instrument } = this.#context
    const temps = params.map((param) => name('temp', param))
    const builds = kind !== 'value' && kind !== 'some'
    const into = builds ? [code`out`] : []
    const accumulates = kind === 'value' && clauses.some((clause) => hasOpenResult(clause, instrument))
    const chained = clauses.length > 1 && builds
    this.#addAll(instrument.entered(this.#procedure))
    for (const [index, clause] of clauses.entries()) {
      const label = this.#label()
      const fail = code`break ${label};`
      this.#clause = index
      this.#addAll(instrument.tried(index))
      this.#add(code`${label}: {`)
      this.#block(clause, kind === 'some' ? { fail, reach: code`return true;` } : { fail })
      this.#add(code`}`)
      if (accumulates) this.#add(code`if (result !== undefined) ${this.#return(code`return result;`)}`)
      if (chained) this.#add(code`if (done) ${this.#return(code`return;`)}`)
    }
    this.#addAll(instrument.left())
    this.#add(kind === 'some' ? code`return false; }` : code`}`)
    const header = code`function ${name('procedure', id)}(${join([name('state', 0), ...into, ...temps])}) {`
    const own = code`let x${accumulates ? code`, result` : code``}${chained ? code`, done = false` : code``};`
    return join([header, own, ...this.#prologue, ...this.#lines], '\n')
  }

  #add(line: Code): void {
    this.#lines.push(line)
  }

  #addAll(lines: readonly Code[]): void {
    this.#lines.push(...lines)
  }

  /** A way out of the procedure. */
  #return(last: Code): Code {
    const before = this.#context.instrument.left()
    return before.length === 0 ? last : code`{ ${join([...before, last], '\n')} }`
  }

  /** A level of the watch, for a body of its own or a loop. */
  #open(body?: Block): Code {
    const level = name('level', this.#labels++)
    this.#addAll(this.#context.instrument.opened(level, body === undefined ? undefined : pointsIn(body)))
    return level
  }

  #unwind(level: Code): void {
    this.#addAll(this.#context.instrument.unwound(level))
  }

  #label(): Code {
    return name('label', this.#labels++)
  }

  #block(block: Block, ends: Ends): void {
    for (const statement of block) this.#statement(statement, ends)
  }

  #operand(operand: Operand): Code {
    return this.#context.pool.operand(operand)
  }

  #operands(operands: readonly Operand[]): Code {
    return join(operands.map((operand) => this.#operand(operand)))
  }

  /** Sets a temporary to an expression, and fails where that is undefined. */
  #define(target: Temp, value: Code, ends: Ends): void {
    const t = name('temp', target)
    this.#add(code`const ${t} = ${value}; if (${t} === undefined) ${ends.fail}`)
  }

  #statement(statement: Statement, ends: Ends): void {
    const { pool } = this.#context
    switch (statement.op) {
      case 'input':
        this.#define(statement.target, code`${name('state', statement.state)}.input`, ends)
        return
      case 'base':
        this.#base(statement.target, statement.path, statement.state, ends)
        return
      case 'document': {
        const args = join([name('state', statement.state), ...statement.keys.map((key) => this.#operand(key))])
        this.#define(statement.target, code`${name('group', statement.group, statement.keys.length)}(${args})`, ends)
        return
      }
      case 'some': {
        const { target, existence, state } = statement
        this.#add(code`const ${name('temp', target)} = ${name('exists', existence)}(${name('state', state)});`)
        return
      }
      case 'holds': {
        const flag = this.#reached(statement.body)
        this.#add(code`const ${name('temp', statement.target)} = ${flag};`)
        return
      }
      case 'tree': {
        const node = this.#context.treeNode(statement.path)
        const path = pool.constant([...statement.path])
        this.#add(
          code`const ${name('temp', statement.target)} = cursorAt(${name('state', statement.state)}, ${node}, ${path});`,
        )
        return
      }
      case 'select': {
        const state = name('state', statement.state)
        this.#define(
          statement.target,
          code`select(${state}, ${name('temp', statement.source)}, ${this.#operand(statement.key)})`,
          ends,
        )
        return
      }
      case 'settle':
        this.#define(
          statement.target,
          code`settle(${name('state', statement.state)}, ${name('temp', statement.source)})`,
          ends,
        )
        return
      case 'scanTree':
        this.#scanTree(statement, ends)
        return
      case 'get':
        this.#get(statement, ends.fail)
        return
      case 'scan':
        this.#scan(statement, ends)
        return
      case 'each':
        this.#each(statement, ends)
        return
      case 'call':
        this.#define(statement.target, emitCall(this.#context, statement), ends)
        return
      case 'check':
        this.#add(code`if (!(${emitCheck(this.#context, statement, code`x`)})) ${ends.fail}`)
        return
      case 'format':
        this.#define(statement.target, emitFormat(this.#context, statement), ends)
        return
      case 'array':
        this.#add(code`const ${name('temp', statement.target)} = [${this.#operands(statement.items)}];`)
        return
      case 'set':
        this.#add(code`const ${name('temp', statement.target)} = RegoSet.from([${this.#operands(statement.items)}]);`)
        return
      case 'object':
        this.#object(statement)
        return
      case 'template':
        this.#add(
          code`const ${name('temp', statement.target)} = template(${name('state', statement.state)}, [${this.#operands(statement.parts)}]);`,
        )
        return
      case 'hole':
        this.#hole(statement)
        return
      case 'collect':
        this.#collect(statement)
        return
      case 'indexed':
        this.#indexed(statement)
        return
      case 'file':
        this.#fileInto(statement)
        return
      case 'add':
        this.#addTo(statement)
        return
      case 'equal':
        this.#add(code`if (!(${emitEqual(pool, statement.left, statement.right)})) ${ends.fail}`)
        return
      case 'true':
        this.#add(code`if (${this.#operand(statement.operand)} === false) ${ends.fail}`)
        return
      case 'shape': {
        const value = this.#operand(statement.operand)
        const shaped =
          statement.of === 'array'
            ? code`Array.isArray(${value}) && ${value}.length === ${statement.size}`
            : code`isObjectOf(${value}, ${statement.size})`
        this.#add(code`if (!(${shaped})) ${ends.fail}`)
        return
      }
      case 'fail':
        this.#add(ends.fail)
        return
      case 'not': {
        const flag = this.#reached(statement.body)
        this.#add(code`if (${flag}) ${ends.fail}`)
        return
      }
      case 'and': {
        const left = this.#reached(statement.left)
        this.#add(code`if (!${left}) ${ends.fail}`)
        const right = this.#reached(statement.right)
        this.#add(code`if (!${right}) ${ends.fail}`)
        return
      }
      case 'or': {
        const flag = this.#reached(statement.left)
        this.#add(code`if (!${flag}) {`)
        const other = this.#reached(statement.right)
        this.#add(code`if (!${other}) ${ends.fail}`)
        this.#add(code`}`)
        return
      }
      case 'every':
        this.#every(statement, ends)
        return
      case 'with':
        this.#with(statement)
        return
      case 'print':
        this.#add(
          code`print(${name('state', statement.state)}, [${join(statement.args.map((arg) => name('temp', arg)))}]);`,
        )
        return
      case 'reach':
        if (ends.reach === undefined) throw new Error('`reach` outside of a body that can be reached')
        this.#addAll(this.#context.instrument.reached())
        this.#add(ends.reach)
        return
      case 'result':
        this.#result(statement, ends)
        return
      case 'insert':
        this.#insert(statement)
        return
      case 'emptySet': {
        const path = this.#operands(statement.path)
        this.#add(code`out.includeNone([${path}], ${pool.place(statement.at)});`)
        return
      }
      case 'row':
        this.#addAll(this.#context.instrument.gave(this.#procedure, this.#clause, code`true`))
        this.#add(code`out.push([${this.#operands(statement.values)}]);`)
        return
      case 'json': {
        const [t, v] = [name('temp', statement.target), this.#operand(statement.source)]
        this.#add(code`const ${t} = typeof ${v} === 'object' ? json(${name('state', 0)}, ${v}) : ${v};`)
        return
      }
      case 'count':
        this.#add(code`${name('state', 0)}.evaluation.countValues(${statement.values});`)
        return
      case 'begin':
      case 'held':
      case 'look':
        this.#addAll(this.#context.instrument.marked(statement, undefined))
        return
      case 'see':
        this.#addAll(this.#context.instrument.marked(statement, this.#operand(statement.value)))
        return
    }
  }

  #get({ target, source, key }: Extract<Statement, { op: 'get' }>, fail: Code): void {
    const base = source.kind === 'temp' ? this.#bases.get(source.id) : undefined
    if (base !== undefined && key.kind === 'temp') {
      const { pool } = this.#context
      this.#add(emitFind(name('temp', target), pool.operand(source), pool.directory(base), pool.operand(key)))
      this.#add(code`if (${name('temp', target)} === undefined) ${fail}`)
      return
    }
    const named = key.kind === 'constant' && typeof key.value === 'string'
    const inherited = named && this.#loops > 0 ? this.#inherited(key.value) : inheritedAt(key)
    const [t, from] = [name('temp', target), this.#operand(source)]
    this.#add(emitGet(this.#context.pool, { target: t, source: from, key, inherited, fail }))
  }

  /** What every object has at a key, asked for once and not for each element of a loop. */
  #inherited(key: string): Code {
    let known = this.#inheritedKeys.get(key)
    if (known === undefined) {
      known = name('inherited', this.#inheritedKeys.size)
      this.#inheritedKeys.set(key, known)
      this.#prologue.push(code`const ${known} = ${inheritedAt({ kind: 'constant', value: key })};`)
    }
    return known
  }

  #base(target: Temp, path: readonly string[], state: StateId, ends: Ends): void {
    const { pool } = this.#context
    const base = pool.base(path)
    const s = name('state', state)
    const replaceable = this.#context.isReplaceable(path)
    if (!replaceable) this.#bases.set(target, path)
    const value = replaceable
      ? code`${s}.overlay === undefined ? ${base} : baseUnder(${s}, ${base}, ${pool.constant([...path])})`
      : base
    this.#define(target, value, ends)
  }

  /** Opens a loop over a list; the rest of the block stands inside it. */
  #loop(list: Code, state: StateId, body: (index: Code, label: Code) => void): void {
    const label = this.#label()
    const index = code`${label}i`
    const level = this.#open()
    // Nothing changes a list that is gone through; its length is read once, because the compiler below cannot know that.
    const size = code`${label}n`
    const evaluation = code`${name('state', state)}.evaluation`
    this.#add(code`const ${size} = ${list}.length; if ((${evaluation}.steps -= ${size}) < 0) ${evaluation}.spent();`)
    this.#add(code`for (let ${index} = 0; ${index} < ${size}; ${index}++) ${label}: {`)
    this.#loops++
    this.#unwind(level)
    body(index, label)
    this.#loops--
    this.#add(code`}`)
  }

  #scan(statement: Extract<Statement, { op: 'scan' }>, ends: Ends): void {
    const { source, key, value, ordered, body, state } = statement
    const { list, keys } = this.#elements(source, ordered, uses(body, key))
    this.#loop(list, state, (index, label) => {
      this.#element(list, keys, index, key, value)
      this.#block(body, { ...ends, fail: code`break ${label};` })
    })
  }

  /** Lists of a collection's elements and, where they are read, of its keys; an array needs no list of keys. */
  #elements(source: Operand, ordered: boolean, keyed: boolean): { list: Code; keys: Code | undefined } {
    const id = this.#labels++
    const list = name('list', id)
    const s = this.#operand(source)
    const elements = ordered ? code`elementsOf` : code`anyElementsOf`
    this.#add(code`const ${list} = Array.isArray(${s}) ? ${s} : ${elements}(${s});`)
    if (!keyed) return { list, keys: undefined }
    const keys = name('keys', id)
    this.#add(
      code`const ${keys} = Array.isArray(${s}) ? undefined : ${ordered ? code`keysOf` : code`anyKeysOf`}(${s});`,
    )
    return { list, keys }
  }

  #element(list: Code, keys: Code | undefined, index: Code, key: Temp, value: Temp): void {
    if (keys !== undefined)
      this.#add(code`const ${name('temp', key)} = ${keys} === undefined ? ${index} : ${keys}[${index}];`)
    this.#add(code`const ${name('temp', value)} = ${list}[${index}];`)
  }

  #scanTree(statement: Extract<Statement, { op: 'scanTree' }>, ends: Ends): void {
    const { source, key, value, body, state } = statement
    const list = name('list', this.#labels++)
    this.#add(code`const ${list} = below(${name('state', state)}, ${name('temp', source)});`)
    this.#loop(list, state, (index, label) => {
      this.#add(code`const ${name('temp', key)} = ${list}[${index}][0], ${name('temp', value)} = ${list}[${index}][1];`)
      this.#block(body, { ...ends, fail: code`break ${label};` })
    })
  }

  #each(statement: Extract<Statement, { op: 'each' }>, ends: Ends): void {
    const { target, args, body, state, at } = statement
    const { pool } = this.#context
    const label = this.#label()
    const s = name('state', state)
    const operands = join([s, pool.place(at), ...args.map((arg) => this.#operand(arg))])
    const level = this.#open()
    this.#add(code`for (const ${name('temp', target)} of ${pool.builtin(statement.name)}(${operands})) ${label}: {`)
    this.#add(code`if (--${s}.evaluation.steps < 0) ${s}.evaluation.spent();`)
    this.#unwind(level)
    this.#block(body, { ...ends, fail: code`break ${label};` })
    this.#add(code`}`)
  }

  #object({ target, entries }: Extract<Statement, { op: 'object' }>): void {
    const keys = entries.map(([key]) =>
      key.kind === 'constant' && typeof key.value === 'string' ? key.value : undefined,
    )
    if (!keys.includes(undefined) && new Set(keys).size === keys.length) {
      const fields = entries.map(([key, value], i) => {
        const field = this.#operand(key)
        // Written plainly, `__proto__` would set the prototype; a computed key makes an own property, but costs more.
        return code`${keys[i] === '__proto__' ? code`[${field}]` : field}: ${this.#operand(value)}`
      })
      this.#add(code`const ${name('temp', target)} = {${join(fields)}};`)
      return
    }
    const pairs = entries.map(([key, value]) => code`[${this.#operand(key)}, ${this.#operand(value)}]`)
    this.#add(code`const ${name('temp', target)} = makeObject([${join(pairs)}]);`)
  }

  #hole({ target, body }: Extract<Statement, { op: 'hole' }>): void {
    const label = this.#label()
    const level = this.#open(body)
    this.#add(code`let ${name('temp', target)};`)
    this.#add(code`${label}: {`)
    this.#block(body, { fail: code`break ${label};`, hole: target })
    this.#add(code`}`)
    this.#unwind(level)
  }

  #collect(statement: Extract<Statement, { op: 'collect' }>): void {
    this.#add(code`let ${name('temp', statement.target)};`)
    this.#gather(statement)
  }

  #gather({
    target,
    of,
    body,
    at,
  }: Pick<Extract<Statement, { op: 'collect' }>, 'target' | 'of' | 'body' | 'at'>): void {
    const t = name('temp', target)
    const label = this.#label()
    this.#collections.set(target, of)
    const empty = {
      array: code`[]`,
      set: code`new RegoSet()`,
      object: code`new ObjectBuilding(${this.#context.pool.place(at)})`,
    }[of]
    const level = this.#open(body)
    // An array of at most one element is made with it: one that grows has room for many.
    const isShort = of === 'array' && !body.some(({ op }) => op === 'scan' || op === 'scanTree' || op === 'each')
    if (isShort) this.#short.add(target)
    else this.#add(code`${t} = ${empty};`)
    this.#add(code`${label}: {`)
    this.#block(body, { fail: code`break ${label};` })
    this.#add(code`}`)
    this.#unwind(level)
    if (isShort) this.#add(code`if (${t} === undefined) ${t} = [];`)
    if (of === 'object') this.#add(code`${t} = ${t}.finish();`)
  }

  #indexed(statement: Extract<Statement, { op: 'indexed' }>): void {
    const { target, of, filed, keys, by, state, at } = statement
    const t = name('temp', target)
    const outer = this.#filed
    const h = name('filed', this.#labels++)
    this.#filed = h
    const s = name('state', state)
    const slot = this.#context.nextSlot()
    this.#add(code`const ${h} = comprehensionIndex(${s}, ${slot}, ${of}, ${this.#context.pool.place(at)}); let ${t};`)
    const file = this.#label()
    this.#add(code`if (${h}.isDue()) try { ${file}: {`)
    this.#block(filed, { fail: code`break ${file};` })
    this.#add(code`} ${h}.isFiled = true; } catch (e) { ${h}.abandon(e); }`)
    const find = this.#label()
    this.#add(code`if (${h}.isFiled) { ${t} = ${h}.none; if (!${h}.isEmpty) ${find}: {`)
    this.#block(keys, { fail: code`break ${find};` })
    this.#add(code`${t} = ${h}.find([${this.#operands(by)}]);`)
    this.#add(code`} } else {`)
    this.#gather(statement)
    this.#add(code`}`)
    this.#filed = outer
  }

  #fileInto({ by, key, value }: Extract<Statement, { op: 'file' }>): void {
    const h = this.#filed
    if (h === undefined) throw new Error('`file` outside of an `indexed`')
    const operands = key === undefined ? [value] : [value, key]
    this.#add(code`${h}.file([${this.#operands(by)}], ${this.#operands(operands)});`)
  }

  #addTo({ to, key, value }: Extract<Statement, { op: 'add' }>): void {
    const t = name('temp', to)
    this.#addAll(this.#context.instrument.reached())
    if (key !== undefined) this.#add(code`${t}.add(${this.#operand(key)}, ${this.#operand(value)});`)
    else if (this.#short.has(to)) this.#add(code`${t} = [${this.#operand(value)}];`)
    else if (this.#collections.get(to) === 'array') this.#add(code`${t}.push(${this.#operand(value)});`)
    else this.#add(code`${t}.add(${this.#operand(value)});`)
  }

  /** Runs a body for whether it reaches its end, and gives the flag that says so. */
  #reached(body: Block): Code {
    const label = this.#label()
    const flag = name('flag', this.#labels++)
    const level = this.#open(body)
    this.#add(code`let ${flag} = false;`)
    this.#add(code`${label}: {`)
    this.#block(body, { fail: code`break ${label};`, reach: code`${flag} = true; break ${label};` })
    this.#add(code`}`)
    this.#unwind(level)
    return flag
  }

  #every(statement: Extract<Statement, { op: 'every' }>, ends: Ends): void {
    const { source, key, value, body, state } = statement
    this.#add(code`if (!isCollection(${this.#operand(source)})) ${ends.fail}`)
    const { list, keys } = this.#elements(source, false, uses(body, key))
    const all = name('flag', this.#labels++)
    this.#add(code`let ${all} = true;`)
    this.#loop(list, state, (index) => {
      this.#element(list, keys, index, key, value)
      const flag = this.#reached(body)
      this.#add(code`if (!${flag}) { ${all} = false; ${index} = ${list}.length; }`)
    })
    this.#add(code`if (!${all}) ${ends.fail}`)
  }

  #with({ state, from, overrides, at }: Extract<Statement, { op: 'with' }>): void {
    const outer = name('state', from)
    const place = this.#context.pool.place(at)
    let input = code`${outer}.input`
    let overlay = code`${outer}.overlay`
    const functions: Code[] = []
    for (const override of overrides) {
      if (override.kind === 'function') functions.push(code`[${override.name}, ${this.#replacement(override, place)}]`)
      else {
        const path = this.#context.pool.constant([...override.path])
        const value = this.#operand(override.value)
        if (override.kind === 'input') input = code`upsert(${input}, ${path}, ${value})`
        else overlay = code`overlaid(${overlay}, ${path}, ${value})`
      }
    }
    const replaced =
      functions.length === 0
        ? code`${outer}.functions`
        : code`new Map([...(${outer}.functions ?? []), ${join(functions)}])`
    this.#add(code`const ${name('state', state)} = new State(${outer}.evaluation, ${input}, ${overlay}, ${replaced});`)
  }

  /** A function that stands in for another: its own calls reach the originals. */
  #replacement({ value }: Extract<Override, { kind: 'function' }>, place: Code): Code {
    if (value.kind === 'temp' || value.kind === 'constant') return code`() => ${this.#operand(value)}`
    if (value.kind === 'function') return code`(s, ...a) => ${name('group', value.group, 0)}(unreplaced(s), ...a)`
    return code`(s, ...a) => ${this.#context.pool.builtin(value.name)}(unreplaced(s), ${place}, ...a)`
  }

  #result({ value, final, at }: Extract<Statement, { op: 'result' }>, ends: Ends): void {
    const v = this.#operand(value)
    const place = this.#context.pool.place(at)
    if (ends.hole !== undefined) {
      const t = name('temp', ends.hole)
      this.#addAll(this.#context.instrument.reached())
      this.#add(code`if (${t} === undefined) ${t} = ${v}; else if (!equal(${t}, ${v})) severalValues(${place});`)
      return
    }
    this.#addAll(this.#context.instrument.gave(this.#procedure, this.#clause, v))
    if (final && this.#context.instrument.exitsEarly) this.#add(this.#return(code`return ${v};`))
    else {
      const conflict = this.#procedure.params.length > 0 ? code`functionConflict` : code`conflict`
      this.#add(code`if (result === undefined) result = ${v}; else if (!equal(result, ${v})) ${conflict}(${place});`)
    }
  }

  #insert({ path, value, member, final, at }: Extract<Statement, { op: 'insert' }>): void {
    const v = this.#operand(value)
    this.#addAll(this.#context.instrument.gave(this.#procedure, this.#clause, v))
    if (this.#procedure.kind === 'members') this.#add(code`out.add(${v});`)
    else
      this.#add(
        code`out.${member ? code`include` : code`put`}([${this.#operands(path)}], ${v}, ${this.#context.pool.place(at)});`,
      )
    if (this.#procedure.clauses.length > 1) this.#add(code`done = true;`)
    if (final && this.#context.instrument.exitsEarly) this.#add(this.#return(code`return;`))
  }
}

function hasOpenResult(block: Block, instrument: Instrument): boolean {
  return block.some((statement) => {
    if (statement.op === 'result') return !statement.final || !instrument.exitsEarly
    return (
      (statement.op === 'scan' || statement.op === 'scanTree' || statement.op === 'each') &&
      hasOpenResult(statement.body, instrument)
    )
  })
}

/** The points of a body's own expressions, those of the bodies inside them left out. */
function pointsIn(block: Block): number[] {
  return block.flatMap((statement) => {
    if (statement.op === 'begin') return [statement.point]
    const goesOn = statement.op === 'scan' || statement.op === 'scanTree' || statement.op === 'each'
    return goesOn ? pointsIn(statement.body) : []
  })
}

/** Whether anything in a block reads a temporary. */
function uses(block: Block, id: Temp): boolean {
  return block.some((statement) => mentions(statement, id))
}

function mentions(value: unknown, id: Temp): boolean {
  if (Array.isArray(value)) return value.some((item) => mentions(item, id))
  if (typeof value !== 'object' || value === null) return false
  if ('kind' in value && value.kind === 'constant') return false
  if ('kind' in value && value.kind === 'temp' && 'id' in value) return value.id === id
  return Object.values(value).some((item) => mentions(item, id))
}
