// State of plugins that outlives generations: breakers, budgets, key sets. Closed when the last holder lets go.

interface Kept {
  readonly state: object
  readonly holders: Set<object>
}

export class KeptState {
  readonly #kept = new Map<string, Kept>()

  /** The state under this key, made when it is new; `holder` (a generation) keeps it alive. */
  hold<T extends object>(holder: object, key: string, create: () => T): T {
    let kept = this.#kept.get(key)
    if (!kept) {
      kept = { state: create(), holders: new Set() }
      this.#kept.set(key, kept)
    }
    kept.holders.add(holder)
    return kept.state as T
  }

  /** Lets go of everything that `holder` kept. */
  async release(holder: object): Promise<void> {
    const closing: Promise<void>[] = []
    for (const [key, kept] of this.#kept) {
      if (!kept.holders.delete(holder) || kept.holders.size > 0) continue
      this.#kept.delete(key)
      closing.push(close(kept.state))
    }
    await Promise.all(closing)
  }
}

// Async, so that one `close` that throws does not keep the others from being closed.
async function close(state: object): Promise<void> {
  if (isClosable(state)) await state.close()
}

function isClosable(state: object): state is { close(): unknown } {
  return 'close' in state && typeof state.close === 'function'
}
