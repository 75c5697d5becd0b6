/**
 * What evaluations have found out about their inputs, as a tree: at each node a question, a branch for each answer, at the end of the way what
 * the evaluation gave. An evaluation depends on its input by what it asks of it and by nothing else, so another input with the same answers
 * needs no evaluation: a tree of a few questions stands for thousands of inputs.
 */
import type { Reader } from './term.ts'

/** What a question gives; a `Map` tells answers apart. */
export type Finding = unknown

interface Question {
  readonly name: string
  of(reader: Reader): Finding
}

interface Node {
  question: Question | undefined
  branches: Map<Finding, Node> | undefined
  answer: boolean | undefined
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
      const next = node.branches?.get(node.question.of(reader))
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

/** The way of one evaluation through the tree. */
export class Trace {
  readonly reader: Reader
  readonly #grow: (size: number) => void
  readonly #found = new Map<string, Finding>()
  #node: Node
  /** Whether a question could not be answered within the bounds: then the way is not at its end. */
  #isBroken = false

  constructor(reader: Reader, root: Node, grow: (size: number) => void) {
    this.reader = reader
    this.#node = root
    this.#grow = grow
  }

  /** Asks something of the input; questions of one name are one question. Throws what `of` throws. */
  find(name: string, of: (reader: Reader) => Finding): Finding {
    if (this.#found.has(name)) return this.#found.get(name)
    const node = this.#node
    const question = node.question ?? { name, of }
    if (question.name !== name)
      throw new Error(`evaluations that went the same way ask \`${question.name}\` and \`${name}\``)
    this.#isBroken = true
    const finding = question.of(this.reader)
    this.#isBroken = false
    this.#found.set(name, finding)
    if (node.question === undefined) {
      node.question = question
      // Another evaluation that came here has been broken off for its size.
      node.answer = undefined
      this.#grow(nodeSize + name.length)
    }
    node.branches ??= new Map()
    let next = node.branches.get(finding)
    if (next === undefined) {
      next = makeNode()
      node.branches.set(finding, next)
      this.#grow(nodeSize + (typeof finding === 'string' ? finding.length : 0))
    }
    this.#node = next
    return finding
  }

  /** Ends the evaluation with its answer. */
  conclude(answer: boolean): void {
    if (!this.#isBroken && this.#node.question === undefined) this.#node.answer = answer
  }
}

function makeNode(): Node {
  return { question: undefined, branches: undefined, answer: undefined }
}
