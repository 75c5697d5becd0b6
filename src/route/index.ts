/** The door of routing: a call finds its target, and descriptions become tools. */
export type { ProtectionOptions } from './protection.ts'
export { isAuthorizationServer } from './protection.ts'
export { type McpWays, makeRouter, type RouteCall, type Router, type RouterOptions } from './route.ts'
export type { Tool } from './tool.ts'
