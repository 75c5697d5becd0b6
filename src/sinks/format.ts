/** The names of the formats in which records are sent, each with its media type. */

export const formatNames = ['native', 'opa', 'cloudevents', 'ocsf', 'ecs', 'cef'] as const
export type FormatName = (typeof formatNames)[number]
