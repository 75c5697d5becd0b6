/** Labels: names and texts that the configuration and policy put on things, for policy and the record. */
export type Labels = { readonly [name: string]: string }
