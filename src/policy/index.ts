/** The door of policy sources: found, bounded, digested, compiled. */
export { compilePolicies } from './compile.ts'
export { type PolicyPorts, type PolicySources, readPolicySources } from './sources.ts'
