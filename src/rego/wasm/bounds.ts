/** What one instance of a module may take, and one evaluation in it. */

/**
 * Bytes of memory, 256 MiB: OPA's documents need some 20 times the bytes of their JSON, so that this is room for 10 MB of data and input. A module
 * never gives memory back; it goes with its instance.
 */
export const memoryBytesMax = 256 * 1024 * 1024

/** Bytes by which an instance that is kept may have grown since its data was loaded: what one large input took is not held for ever. */
export const leftoverBytesMax = 16 * 1024 * 1024

/** Bytes of an input's text: its values must fit into the memory, where they are many times larger. */
export const inputBytesMax = 16 * 1024 * 1024

/** Pages beyond the bytes of the module, for its stack and a first piece of heap: as many as the package gives. */
export const sparePages = 5

/**
 * Calls and turns of loops in a module that count as one step of an evaluation: a compiled policy takes one step for an element, which a module
 * compares byte by byte, copies and hashes.
 */
export const turnsPerStep = 64n
