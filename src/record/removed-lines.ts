/**
 * Lines that retention removed: what they hashed to stands in the tiles, and from those the tree over them is made, so that the
 * lines after them are proven as before.
 */
import { TileTree, tailsOf, tileWidth } from '../proof/index.ts'
import type { TileStore } from './tile-store.ts'

/** The hashes of the first `count` lines, from the tiles of level 0 alone. Throws where one is missing or too short. */
export async function* removedLeaves(
  count: number,
  { read }: Pick<TileStore, 'read'>,
): AsyncGenerator<Buffer, void, undefined> {
  for (let first = 0; first < count; first += tileWidth)
    yield await read(0, first / tileWidth, Math.min(tileWidth, count - first))
}

/** The tree over the first `count` lines, from its last tiles alone. Throws where one is missing or too short. */
export async function removedTree(
  count: number,
  { read }: Pick<TileStore, 'read'>,
  onFull: ConstructorParameters<typeof TileTree>[2],
): Promise<TileTree> {
  const rest = count % tileWidth
  const tree = new TileTree(count - rest, await tailsOf(count - rest, read), onFull)
  if (rest > 0) tree.append(await read(0, (count - rest) / tileWidth, rest))
  return tree
}
