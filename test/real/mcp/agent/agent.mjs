// An agent on the Vercel AI SDK with a scripted model: `node agent.mjs URL TOKEN STEPS`. STEPS is a JSON list of
// `{"tool", "arguments"}`; in arguments, `{{NAME}}` stands for that field of the answer before, which the model has only if the
// framework gave it back. Prints one line of JSON: the tools that were offered, and what each call came to in the eyes of the model.
import { createMCPClient } from '@ai-sdk/mcp'
import { generateText, isStepCount } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'

const [url, token, steps] = process.argv.slice(2)
const script = JSON.parse(steps)
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
}
const client = await createMCPClient({
  transport: { type: 'http', url, headers: { authorization: `Bearer ${token}` } },
})
const tools = await client.tools()
const seen = []

function lastAnswer(prompt) {
  const message = prompt.at(-1)
  const output = message.role === 'tool' ? message.content.at(-1).output : undefined
  return output === undefined ? undefined : answerIn(output.value)
}

/** The answer is the structured content, or else the text, of the result as the model is shown it. */
function answerIn(value) {
  if (value?.structuredContent !== undefined) return value.structuredContent
  const parts = value?.content ?? value
  const text = Array.isArray(parts) ? parts.map(({ text }) => text).join('\n') : String(parts)
  try {
    return JSON.parse(text)
  } catch {
    return { text }
  }
}

const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) => {
    const answer = lastAnswer(prompt)
    if (answer !== undefined) seen.push(answer)
    const step = script[seen.length]
    const content =
      step === undefined
        ? [{ type: 'text', text: 'done' }]
        : [
            {
              type: 'tool-call',
              toolCallId: `call-${seen.length}`,
              toolName: step.tool,
              input: JSON.stringify(step.arguments).replace(/\{\{(\w+)\}\}/g, (_, name) => String(answer?.[name])),
            },
          ]
    const unified = step === undefined ? 'stop' : 'tool-calls'
    return { content, finishReason: { unified, raw: unified }, usage, warnings: [] }
  },
})

const { text } = await generateText({ model, tools, prompt: 'Buy it.', stopWhen: isStepCount(script.length + 1) })
await client.close()
console.log(JSON.stringify({ tools: Object.keys(tools).sort(), seen, text }))
