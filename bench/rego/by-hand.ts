/**
 * The policies as JavaScript that a team would write by hand: straight code over parsed input, no bounds, no rule ids, no care for keys such as
 * `__proto__`. It is what an engine is compared with, not what a gateway should do.
 */

type Decide<Input> = (input: Input) => unknown

interface Grant {
  readonly action: string
  readonly resource: string
}

/** From a role to its grants. */
export function policyA(data: {
  readonly user_roles: Readonly<Record<string, readonly string[]>>
  readonly role_grants: Readonly<Record<string, readonly Grant[]>>
}): Decide<{ readonly subject: string } & Grant> {
  const none: never[] = []
  return ({ subject, action, resource }) => {
    for (const role of data.user_roles[subject] ?? none) {
      for (const grant of data.role_grants[role] ?? none) {
        if (grant.action === action && grant.resource === resource) return true
      }
    }
    return false
  }
}

interface Order {
  readonly agent: { readonly tier: string; readonly team: string }
  readonly hour: number
  readonly args: {
    readonly vendor: { readonly id: string; readonly country: string }
    readonly amount: number
    readonly currency: string
    readonly cost_center: string
    readonly approval?: { readonly by?: string }
    readonly lines: readonly { readonly sku: string; readonly qty: number }[]
  }
}

/** Eight reasons to refuse an order. */
export function policyB(data: {
  readonly limits: Readonly<Record<string, number>>
  readonly vendors: Readonly<Record<string, boolean>>
  readonly window: { readonly from: number; readonly to: number }
  readonly currencies: readonly string[]
  readonly blocked_countries: readonly string[]
  readonly cost_centers: Readonly<Record<string, { readonly owner: string }>>
}): Decide<Order> {
  return ({ agent, hour, args }) => {
    const reasons: string[] = []
    const limit = data.limits[agent.tier]
    if (limit !== undefined && args.amount > limit)
      reasons.push(`amount ${args.amount} is over the ${agent.tier} limit ${limit}`)
    if (!data.vendors[args.vendor.id]) reasons.push(`vendor ${args.vendor.id} is not on the allow list`)
    if (data.blocked_countries.includes(args.vendor.country)) reasons.push(`country ${args.vendor.country} is blocked`)
    if (hour < data.window.from || hour >= data.window.to) reasons.push('outside the time window')
    if (!data.currencies.includes(args.currency)) reasons.push(`currency ${args.currency} is not accepted`)
    for (const line of args.lines) {
      if (line.qty <= 0) reasons.push(`line ${line.sku} has quantity ${line.qty}`)
    }
    const center = data.cost_centers[args.cost_center]
    if (center !== undefined && center.owner !== agent.team)
      reasons.push(`cost centre ${args.cost_center} is not owned by ${agent.team}`)
    if (args.amount > 10_000 && !args.approval?.by) reasons.push('approval is missing')
    return { allow: reasons.length === 0, reasons }
  }
}

/** One limit a tool. */
export function policyC(rules: number): Decide<{ readonly tool: string; readonly args: { readonly amount: number } }> {
  const limits = new Map(Array.from({ length: rules }, (_, index) => [`tool_${index}`, 1000 + index]))
  return ({ tool, args }) => {
    const limit = limits.get(tool)
    return limit !== undefined && args.amount < limit
  }
}

/** From a user's roles to what they permit. */
export function policyD(data: {
  readonly users: Readonly<Record<string, { readonly roles: readonly string[] }>>
  readonly permissions: Readonly<Record<string, readonly string[]>>
}): Decide<{ readonly user: string; readonly action: string }> {
  return ({ user, action }) => {
    const found = data.users[user]
    if (found === undefined) return false
    for (const role of found.roles) if (data.permissions[role]?.includes(action)) return true
    return false
  }
}
