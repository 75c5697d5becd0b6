/** Whether the text of a rule still is that rule: asked only where comments made it hard to lay out. */

import type { Comment, Module, RuleDecl } from '../ast.ts'
import { RegoErrors } from '../errors.ts'
import { parseModule } from '../parse/module.ts'
import { moduleToJson } from '../parse/to-json.ts'
import { commentText } from './sheet.ts'

/** Whether `text`, in the place of `rule` in its module, has the same tree and exactly these comments. */
export function isSameRule(module: Module, rule: RuleDecl, text: string, comments: readonly Comment[]): boolean {
  const keywords = module.imports
    .filter(({ path }) => path[0] === 'future')
    .map(({ path }) => `import ${path.join('.')}`)
  try {
    const written = parseModule(`package p\n${keywords.join('\n')}\n${text}\n`, module.file)
    return treeOf(written.rules) === treeOf([rule]) && listed(written.comments) === listed(comments)
  } catch (cause) {
    if (cause instanceof RegoErrors) return false
    throw cause
  }

  function treeOf(rules: readonly RuleDecl[]): string {
    const bare = rules.map((each) => ({ ...each, annotations: [] }))
    const tree = JSON.stringify(moduleToJson({ ...module, imports: [], rules: bare, annotations: [], comments: [] }))
    // `=` and `:=` are one in heads; wildcards are counted through the module.
    return tree.replaceAll('"assign":true,', '').replace(/"[$_]\d+"/g, '"_"')
  }
}

/** Two comments may have come into one line; then they are one to the parser. */
function listed(comments: readonly Comment[]): string {
  const each = comments.flatMap((comment) => commentText(comment).split(/ (?=#)/))
  return each.sort().join('\n')
}
