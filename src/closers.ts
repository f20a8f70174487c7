// What has been started, to be closed in reverse: at the end, or when a later part cannot start.

type Close = () => Promise<unknown>

export class Closers {
  readonly #closers: Close[] = []

  /** In the order of the starts. */
  add(...closers: Close[]): void {
    this.#closers.push(...closers)
  }

  /** Each is closed whatever becomes of the others: a part that fails to close must not keep the process alive. */
  async closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close().catch(() => {})
  }

  /** Nothing is left running when `start` throws. */
  async guard<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start()
    } catch (thrown) {
      await this.closeAll()
      throw thrown
    }
  }
}
