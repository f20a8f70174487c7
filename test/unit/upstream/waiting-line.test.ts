// Requests that wait: served in order, never more of them than may wait, and nothing kept of those who have gone.
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Outgoing, Receiver } from '../../../src/upstream/transmission.ts'
import { WaitingLine } from '../../../src/upstream/waiting-line.ts'

function waiting(path: string) {
  const failures: unknown[] = []
  const receiver = { ended: false, onFailure: (error: unknown) => void failures.push(error) }
  const body = new PassThrough()
  const request = { path, body } as unknown as Outgoing
  return { request, receiver: receiver as typeof receiver & Receiver, body, failures }
}

function lineOf(most: number, ...paths: readonly string[]) {
  const line = new WaitingLine<ReturnType<typeof waiting>>(most)
  const works = paths.map(waiting)
  for (const work of works) line.add(work)
  return { line, works }
}

describe('a waiting line', () => {
  it('gives out who came first, passes over who has gone, and ends', () => {
    const { line, works } = lineOf(10, '/0', '/1', '/2')
    works[1]!.receiver.ended = true
    expect([line.next(), line.next(), line.next()]).toEqual([works[0], works[2], undefined])
    expect(works.map(({ body }) => body.destroyed)).toEqual([false, true, false])
  })

  it('lets go of those who have gone before it grows beyond its bound', () => {
    const { line, works } = lineOf(2, '/0', '/1')
    works[0]!.receiver.ended = true
    line.add(waiting('/2'))
    expect(line.size).toBe(2)
    expect(works[0]!.body.destroyed).toBe(true)
  })

  it('hands all over, but for those who have gone', () => {
    const { line, works } = lineOf(10, '/0', '/1')
    works[0]!.receiver.ended = true
    expect(line.takeAll()).toEqual([works[1]])
    expect(line.size).toBe(0)
  })

  it('fails all, and reads no body for them any more', () => {
    const { line, works } = lineOf(10, '/0', '/1')
    const error = new Error('over')
    line.failAll(error)
    expect(works.map(({ failures, body }) => [failures, body.destroyed])).toEqual([
      [[error], true],
      [[error], true],
    ])
  })
})
