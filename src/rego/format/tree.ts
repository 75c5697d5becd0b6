/** A syntax tree as lines, one a node, indented by depth: what `opa parse` prints for people. */

import { quote } from '../builtins/go/quote.ts'
import { parseModule } from '../parse/module.ts'
import { type AstJson, moduleToJson } from '../parse/to-json.ts'

type Node = { readonly [key: string]: AstJson | undefined }

/** What `opa parse --format pretty` prints of the module in `text`. Throws `RegoErrors` with `rego_parse_error`. `file` stands in errors. */
export function printTree(text: string, file = ''): string {
  const tree = new Tree()
  tree.module(moduleToJson(parseModule(text, file)) as Node)
  return `${tree.lines.join('\n')}\n`
}

class Tree {
  readonly lines: string[] = []

  private line(depth: number, text: string): void {
    this.lines.push(' '.repeat(depth) + text)
  }

  module(module: Node): void {
    this.line(0, 'module')
    this.line(1, 'package')
    this.ref((module.package as Node).path, 2)
    for (const each of nodes(module.imports)) {
      this.line(1, 'import')
      this.term(each.path as Node, 2)
      // An import without another name has an empty one.
      this.line(2, String(each.alias ?? ''))
    }
    for (const rule of nodes(module.rules)) this.rule(rule, 1)
    for (const _ of nodes(module.annotations)) this.line(1, 'annotations')
    for (const _ of nodes(module.comments)) this.line(1, 'comment')
  }

  private rule(rule: Node, depth: number): void {
    const head = rule.head as Node
    this.line(depth, 'rule')
    this.line(depth + 1, 'head')
    this.ref(head.ref, depth + 2)
    if (head.args !== undefined) this.line(depth + 2, 'args')
    for (const each of nodes(head.args)) this.term(each, depth + 3)
    if (head.value !== undefined) this.term(head.value as Node, depth + 2)
    this.body(rule.body, depth + 1)
    if (rule.else !== undefined) this.rule(rule.else as Node, depth + 1)
  }

  private body(body: AstJson | undefined, depth: number): void {
    this.line(depth, 'body')
    for (const expr of nodes(body)) this.expr(expr, depth + 1)
  }

  private expr(expr: Node, depth: number): void {
    this.line(depth, `expr ${expr.negated === true ? 'negated ' : ''}index=${expr.index}`)
    const { terms } = expr
    if (Array.isArray(terms)) for (const each of nodes(terms)) this.term(each, depth + 1)
    else this.only(terms as Node, depth + 1)
    for (const each of nodes(expr.with)) {
      this.line(depth + 1, 'with')
      this.term(each.target as Node, depth + 2)
      this.term(each.value as Node, depth + 2)
    }
  }

  /** What an expression that is no call consists of. */
  private only(node: Node, depth: number): void {
    if (node.symbols !== undefined) {
      this.line(depth, 'somedecl')
      for (const each of nodes(node.symbols)) this.term(each, depth + 1)
    } else if (node.domain !== undefined) {
      this.line(depth, 'every')
      for (const each of [node.key, node.value, node.domain]) if (each !== null) this.term(each as Node, depth + 1)
      this.body(node.body, depth + 1)
    } else if (node.type === 'not') {
      this.line(depth, 'not')
      this.body(node.body, depth + 1)
    } else if (node.lhs !== undefined) {
      this.line(depth, `logical${node.type}`)
      this.body(node.lhs, depth + 1)
      this.body(node.rhs, depth + 1)
    } else this.term(node, depth)
  }

  private ref(parts: AstJson | undefined, depth: number): void {
    this.line(depth, 'ref')
    for (const each of nodes(parts)) this.term(each, depth + 1)
  }

  private term({ type, value }: Node, depth: number): void {
    switch (type) {
      case 'null':
        this.line(depth, 'null')
        break
      case 'string':
        this.line(depth, quote(String(value)))
        break
      case 'number':
        this.line(depth, numberText(value))
        break
      case 'boolean':
      case 'var':
        this.line(depth, String(value).startsWith('$') ? '_' : String(value))
        break
      case 'templatestring':
        this.line(depth, 'templatestring')
        break
      case 'object':
        this.object((value ?? []) as readonly (readonly [Node, Node])[], depth)
        break
      case 'ref':
      case 'call':
      case 'array':
      case 'set':
        this.line(depth, type)
        for (const each of nodes(value)) this.term(each, depth + 1)
        break
      default: {
        const { key, term, value: result, body } = value as Node
        this.line(depth, String(type))
        for (const each of [key, term, result]) if (each !== undefined) this.term(each as Node, depth + 1)
        this.body(body, depth + 1)
      }
    }
  }

  /** Of entries with one key each has the value of the last. */
  private object(entries: readonly (readonly [Node, Node])[], depth: number): void {
    const values = new Map(entries.map(([key, value]) => [JSON.stringify(key), value]))
    this.line(depth, 'object')
    for (const [key, value] of entries) {
      this.term(key, depth + 1)
      this.term(values.get(JSON.stringify(key)) ?? value, depth + 1)
    }
  }
}

function nodes(list: AstJson | undefined): readonly Node[] {
  return (list ?? []) as readonly Node[]
}

/** As it was written: numbers that JavaScript would write otherwise come as their text. */
function numberText(value: AstJson | undefined): string {
  return typeof value === 'object' && value !== null && 'rawJSON' in value ? String(value.rawJSON) : String(value)
}
