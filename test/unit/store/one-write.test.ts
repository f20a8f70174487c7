import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { OneWrite } from '../../../src/store/one-write.ts'

/** What arrives below the stream, each write by itself. */
function recording(): { readonly stream: Writable; readonly writes: string[] } {
  const writes: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      writes.push(String(chunk))
      done()
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join(''))
      done()
    },
  })
  return { stream, writes }
}

it('what is sent in one turn is one write, and what is sent in the next one another', async () => {
  const { stream, writes } = recording()
  const together = new OneWrite()
  for (const text of ['a', 'b', 'c']) {
    together.hold(stream)
    stream.write(text)
  }
  expect(writes).toEqual([])
  await setImmediate()
  expect(writes).toEqual(['abc'])
  together.hold(stream)
  stream.write('d')
  await setImmediate()
  expect(writes).toEqual(['abc', 'd'])
})

it('a connection that takes the place of another in the same turn is written to, as is the one before', async () => {
  const [first, second] = [recording(), recording()]
  const together = new OneWrite()
  together.hold(first.stream)
  first.stream.write('a')
  first.stream.destroy()
  together.hold(second.stream)
  second.stream.write('b')
  await setImmediate()
  together.hold(second.stream)
  second.stream.write('c')
  await setImmediate()
  expect(second.writes).toEqual(['b', 'c'])
})
