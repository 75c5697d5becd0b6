/**
 * What evaluations have found out about their inputs, as a tree: at each node a question, a branch for each answer, at the end of the way what
 * the evaluation gave. An evaluation depends on its input by what it asks of it and by nothing else, so another input with the same answers
 * needs no evaluation: a tree of a few questions stands for thousands of inputs.
 */
import type { Reader, Term } from './term.ts'

/** What a question gives; a `Map` tells answers apart. */
export type Finding = unknown

interface Question {
  readonly name: string
  of(reader: Reader): Finding
  /** Where it asks whether a term is a text. */
  readonly is?: { readonly term: Term; readonly text: string }
}

interface Node {
  question: Question | undefined
  branches: Map<Finding, Node> | undefined
  answer: boolean | undefined
  row: Row | undefined
}

/**
 * Nodes each behind the `no` of the one before that ask whether one term is this text or that, as a loop over a list does: which of them says `yes` is
 * looked up, or a list of a thousand names would be gone through for each tool.
 */
interface Row {
  readonly term: Term
  readonly first: Node
  readonly nodes: Map<string, Node>
  last: Node
}

/** Questions and UTF-16 units of the answers to them that are kept, some tens of megabytes; with more, all are forgotten and asked again. */
const sizeMax = 10_000_000
/** What a node counts beside its texts: about its bytes over two. */
const nodeSize = 200

/** The tree of one query. */
export class Findings {
  #root = makeNode()
  #size = 0

  /** What evaluation gave for an input like this one, if there was one. */
  answerFor(reader: Reader): boolean | undefined {
    let node = this.#root
    while (node.question !== undefined) {
      const { row } = node
      const next = row?.first === node ? behind(row, reader) : node.branches?.get(node.question.of(reader))
      if (next === undefined) return undefined
      node = next
    }
    return node.answer
  }

  /** Begins an evaluation. */
  trace(reader: Reader): Trace {
    if (this.#size > sizeMax) {
      this.#root = makeNode()
      this.#size = 0
    }
    return new Trace(reader, this.#root, (size) => (this.#size += size))
  }
}

/** Where the nodes of a row lead. */
function behind({ term, nodes, last }: Row, reader: Reader): Node | undefined {
  const value = term.of(reader)
  if (value === undefined) return undefined
  const node = typeof value === 'string' ? nodes.get(value) : undefined
  return node === undefined ? last.branches?.get(false) : node.branches?.get(true)
}

/** The way of one evaluation through the tree. */
export class Trace {
  readonly reader: Reader
  readonly #grow: (size: number) => void
  readonly #found = new Map<string, Finding>()
  /** Names of the terms of which all is found out. */
  readonly #known = new Set<string>()
  #node: Node
  /** The row at whose end the way is, behind a `no`. */
  #row: Row | undefined
  /** Whether a question could not be answered within the bounds: then the way is not at its end. */
  #isBroken = false

  constructor(reader: Reader, root: Node, grow: (size: number) => void) {
    this.reader = reader
    this.#node = root
    this.#grow = grow
  }

  /** Asks something of terms; questions of one name are one question. Throws what `of` throws. */
  find(name: string, about: readonly Term[], of: (reader: Reader) => Finding): Finding {
    return this.#found.has(name) ? this.#found.get(name) : this.#ask({ name, of }, about)
  }

  /** Asks whether a term is a text. */
  is(term: Term, text: string): boolean {
    const name = `is ${JSON.stringify(text)} ${term.name}`
    if (this.#found.has(name)) return this.#found.get(name) as boolean
    const found = this.#ask({ name, of: (reader) => term.of(reader) === text, is: { term, text } }, [term]) as boolean
    if (found) this.know(term)
    return found
  }

  /** All of a term has been found out: whatever is asked about it from here on follows. */
  know(term: Term): void {
    this.#known.add(term.name)
  }

  #isKnown(term: Term): boolean {
    if (term.constant !== undefined || this.#known.has(term.name)) return true
    return term.from.length > 0 && term.from.every((each) => this.#isKnown(each))
  }

  #ask(asked: Question, about: readonly Term[]): Finding {
    this.#isBroken = true
    const finding = about.every((term) => this.#isKnown(term)) ? asked.of(this.reader) : this.#step(asked)
    this.#isBroken = false
    this.#found.set(asked.name, finding)
    return finding
  }

  #step(asked: Question): Finding {
    const node = this.#node
    const question = node.question ?? asked
    if (question.name !== asked.name)
      throw new Error(`evaluations that went the same way ask \`${question.name}\` and \`${asked.name}\``)
    const finding = question.of(this.reader)
    if (node.question === undefined) {
      node.question = question
      // Another evaluation that came here has been broken off for its size.
      node.answer = undefined
      node.row = this.#rowOf(node, question)
      this.#grow(nodeSize + question.name.length)
    }
    node.branches ??= new Map()
    let next = node.branches.get(finding)
    if (next === undefined) {
      next = makeNode()
      node.branches.set(finding, next)
      this.#grow(nodeSize + (typeof finding === 'string' ? finding.length : 0))
    }
    this.#node = next
    this.#row = finding === false ? node.row : undefined
    return finding
  }

  /** The row that a node goes on, or begins. */
  #rowOf(node: Node, { is }: Question): Row | undefined {
    if (is === undefined) return undefined
    const { term, text } = is
    const before = this.#row
    if (before?.term.name !== term.name) return { term, first: node, nodes: new Map([[text, node]]), last: node }
    before.nodes.set(text, node)
    before.last = node
    return before
  }

  /** Ends the evaluation with its answer. */
  conclude(answer: boolean): void {
    if (!this.#isBroken && this.#node.question === undefined) this.#node.answer = answer
  }
}

function makeNode(): Node {
  return { question: undefined, branches: undefined, answer: undefined, row: undefined }
}
