// Whatever may stay open for hours, by the generation that it was opened in, so that it can be ended.

/** Each is a whole configuration, in memory for as long as one of its connections or streams is open. */
const MAX_GENERATIONS = 32

export interface Lasting {
  readonly ended: Promise<void>
  /** Tells it to end; more than once is as good as once. */
  goAway(): void
}

export class OpenByGeneration {
  /** Oldest generation first. */
  readonly #open = new Map<object, Set<Lasting>>()

  add(one: Lasting, generation: object): void {
    const peers = this.#open.get(generation) ?? new Set()
    peers.add(one)
    this.#open.set(generation, peers)
    void one.ended.then(() => {
      peers.delete(one)
      if (peers.size === 0) this.#open.delete(generation)
    })
    if (this.#open.size > MAX_GENERATIONS) this.#closeOldest()
  }

  /** Resolves when the last one has ended. */
  async closeAll(): Promise<void> {
    const all = [...this.#open.values()].flatMap((peers) => [...peers])
    for (const one of all) one.goAway()
    await Promise.all(all.map(({ ended }) => ended))
  }

  #closeOldest(): void {
    const [oldest] = this.#open.values()
    for (const one of oldest ?? []) one.goAway()
  }
}
