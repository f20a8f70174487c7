// Loaded into a gateway process under test: collects its garbage when asked to, and says what is left.

/** What a collection frees may hold something else alive only until the next one. */
const COLLECTIONS = 4

process.on('message', async () => {
  for (let done = 0; done < COLLECTIONS; done++) {
    globalThis.gc!()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  process.send!(process.memoryUsage())
})
// The gateway must be able to end while somebody could still ask.
process.channel!.unref()
