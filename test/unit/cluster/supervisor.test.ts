import { describe, expect, it } from 'vitest'
import { supervise } from './fake-workers.ts'

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error) => error.message,
  )

describe('the start', () => {
  it('opens no port before every worker has built the generation', async () => {
    const { supervisor, workers, clock } = supervise(2)
    const started = supervisor.start()
    workers[1]!.silent = true
    await clock.advance(0)
    expect(workers.map(({ kinds }) => kinds)).toEqual([['start 1'], ['start 1']])
    workers[1]!.silent = false
    workers[1]!.say({ kind: 'prepared', number: 1 })
    await started
    expect(workers.map(({ kinds }) => kinds)).toEqual([
      ['start 1', 'commit 1'],
      ['start 1', 'commit 1'],
    ])
    expect(supervisor.serving).toHaveLength(2)
  })

  it('tells each worker its place in the node', async () => {
    const { supervisor, workers } = supervise(2)
    await supervisor.start()
    expect(workers.map(({ told }) => told[0])).toMatchObject([
      { post: { slot: 1, workers: 2, node: 'node-a' }, config: 'first' },
      { post: { slot: 2, workers: 2, node: 'node-a' }, config: 'first' },
    ])
  })

  it('fails with what one of them says, and leaves none', async () => {
    const { supervisor, workers } = supervise(2)
    const started = failure(supervisor.start())
    workers[1]!.answer = () => workers[1]!.say({ kind: 'refused', number: 1, reason: 'the port is taken' })
    expect(await started).toBe('the port is taken')
    expect(workers.map(({ killed }) => killed)).toEqual([true, true])
  })

  it('fails when one ends, or never answers', async () => {
    const first = supervise(1)
    const ended = failure(first.supervisor.start())
    first.workers[0]!.exit('exit code 7')
    expect(await ended).toBe('it ended (exit code 7)')

    const second = supervise(1)
    const silent = failure(second.supervisor.start())
    second.workers[0]!.silent = true
    await second.clock.advance(60_000)
    expect(await silent).toBe('it did not answer in time')
  })
})

describe('a worker that dies', () => {
  it('is replaced at once', async () => {
    const { supervisor, workers, clock, logged } = supervise(2)
    await supervisor.start()
    workers[0]!.exit('SIGKILL')
    expect(supervisor.serving).toHaveLength(1)
    await clock.advance(0)
    expect(workers[2]!.kinds).toEqual(['start 1', 'commit 1'])
    expect(supervisor.slots[0]).toMatchObject({ state: 'serving', starts: 2, lastExit: 'SIGKILL', pid: 102 })
    expect(logged).toEqual(['a worker has ended: another one starts', 'a new worker serves'])
  })

  it('again and again is replaced ever more slowly, and at once after a long life', async () => {
    const { supervisor, workers, clock } = supervise(1)
    await supervisor.start()
    const waits: number[] = []
    for (let death = 0; death < 10; death++) {
      const known = workers.length
      workers.at(-1)!.exit('SIGSEGV')
      await clock.advance(0)
      let waited = 0
      for (; workers.length === known; waited += 100) await clock.advance(100)
      waits.push(waited)
    }
    expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
    await clock.advance(10_000)
    const known = workers.length
    workers.at(-1)!.exit('SIGSEGV')
    await clock.advance(0)
    expect(workers).toHaveLength(known + 1)
  })

  it('comes back with the generation that serves by then', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    const commit = await supervisor.prepare({ number: 2, config: 'second' })
    await commit()
    workers[0]!.exit('SIGKILL')
    await clock.advance(0)
    expect(workers[2]!.told[0]).toMatchObject({ kind: 'start', number: 2, config: 'second' })
  })

  it('is not replaced once the node drains', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[0]!.silent = true
    const drained = supervisor.drain(1000)
    workers[0]!.exit('SIGKILL')
    expect(await drained).toBe(false)
    await clock.advance(60_000)
    expect(workers).toHaveLength(2)
  })
})

describe('another config', () => {
  it('is built by all before any of them serves it', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[1]!.silent = true
    const prepared = supervisor.prepare({ number: 2, config: 'second' })
    await clock.advance(0)
    expect(workers[0]!.kinds).toEqual(['start 1', 'commit 1', 'prepare 2'])
    workers[1]!.say({ kind: 'prepared', number: 2 })
    const commit = await prepared
    expect(workers[0]!.kinds).not.toContain('commit 2')
    workers[1]!.silent = false
    await commit()
    expect(supervisor.slots.map(({ serving }) => serving)).toEqual([2, 2])
  })

  it('that one of them refuses is dropped by all', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[1]!.answer = () => workers[1]!.say({ kind: 'refused', number: 2, reason: 'no such key file' })
    expect(await failure(supervisor.prepare({ number: 2, config: 'second' }))).toBe('no such key file')
    await clock.advance(0)
    expect(workers[0]!.kinds).toEqual(['start 1', 'commit 1', 'prepare 2', 'abort 2'])
    expect(supervisor.slots.map(({ serving }) => serving)).toEqual([1, 1])
  })

  it('is not refused because a worker dies meanwhile', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[1]!.silent = true
    const prepared = supervisor.prepare({ number: 2, config: 'second' })
    workers[1]!.exit('SIGKILL')
    const commit = await prepared
    await commit()
    await clock.advance(0)
    expect(supervisor.slots.map(({ serving, state }) => [serving, state])).toEqual([
      [2, 'serving'],
      [2, 'serving'],
    ])
  })

  it('ends a worker that has built it and does not change over: another one comes, and serves it', async () => {
    const { supervisor, workers, clock, logged } = supervise(2)
    await supervisor.start()
    const commit = await supervisor.prepare({ number: 2, config: 'second' })
    workers[1]!.answer = () => workers[1]!.say({ kind: 'refused', number: 2, reason: 'not built here' })
    await commit()
    await clock.advance(0)
    expect(workers).toHaveLength(3)
    expect(supervisor.slots.map(({ serving }) => serving)).toEqual([2, 2])
    expect(logged).toContain('a worker does not change over: it is ended')
  })

  it('is refused when it kills every worker', async () => {
    const { supervisor, workers } = supervise(2)
    await supervisor.start()
    for (const worker of workers) worker.answer = () => worker.exit('SIGSEGV')
    expect(await failure(supervisor.prepare({ number: 2, config: 'second' }))).toBe('it ended (SIGSEGV)')
  })

  it('waits for nobody who starts, and takes him along before he serves', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[0]!.silent = true
    const prepared = supervisor.prepare({ number: 2, config: 'second' })
    workers[1]!.exit('SIGKILL')
    await clock.advance(0)
    // Built, but not serving: the others are about to leave that generation.
    expect(workers[2]!.kinds).toEqual(['start 1'])
    workers[0]!.say({ kind: 'prepared', number: 2 })
    workers[0]!.silent = false
    await (await prepared)()
    await clock.advance(0)
    expect(workers[2]!.kinds).toEqual(['start 1', 'prepare 2', 'commit 2'])
  })
})

describe('metrics', () => {
  it('are asked for every second, without gauges, and whole on demand', async () => {
    const { supervisor, clock, reports } = supervise(1)
    await supervisor.start()
    await clock.advance(2000)
    expect(reports).toEqual([
      [1, 'counts of 100'],
      [1, 'counts of 100'],
    ])
    await supervisor.collect()
    expect(reports.at(-1)).toEqual([1, 'metrics of 100'])
  })

  it('of a worker that does not answer are not waited for', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[0]!.silent = true
    const answers = supervisor.ask('services')
    await clock.advance(2000)
    expect(await answers).toEqual(['services of 101'])
  })
})

describe('a worker that is stuck', () => {
  it('is ended after ten polls without an answer', async () => {
    const { supervisor, workers, clock, logged } = supervise(2)
    await supervisor.start()
    workers[0]!.silent = true
    await clock.advance(10_000)
    expect(workers[0]!.killed).toBe(false)
    await clock.advance(1000)
    expect(workers[0]!.killed).toBe(true)
    expect(workers[1]!.killed).toBe(false)
    expect(logged).toContain('a worker is stuck: it is ended')
    expect(supervisor.serving).toHaveLength(2)
  })
})

describe('the end', () => {
  it('lets every worker drain and takes its last report', async () => {
    const { supervisor, reports, clock } = supervise(2)
    await supervisor.start()
    expect(await supervisor.drain(1000)).toBe(true)
    expect(reports).toEqual([
      [1, 'last'],
      [2, 'last'],
    ])
    expect(clock.timers).toBe(0)
  })

  it('cuts those that do not end in time', async () => {
    const { supervisor, workers, clock } = supervise(2)
    await supervisor.start()
    workers[0]!.silent = true
    const drained = supervisor.drain(5000)
    await clock.advance(5000)
    expect(await drained).toBe(false)
    expect(workers[0]!.killed).toBe(true)
  })
})

it('hands the keys of session tickets to workers that start and to those that run', async () => {
  let ticketKeys = 'first keys'
  const { supervisor, workers } = supervise(2, { ticketKeys: () => ticketKeys })
  await supervisor.start()
  for (const { told } of workers) expect(told[0]).toMatchObject({ kind: 'start', ticketKeys: 'first keys' })
  ticketKeys = 'next keys'
  supervisor.changeTicketKeys()
  for (const { told } of workers) expect(told).toContainEqual({ kind: 'ticketKeys', ticketKeys: 'next keys' })
  workers[0]!.exit('SIGKILL')
  await expect.poll(() => workers[2]?.told[0]).toMatchObject({ kind: 'start', ticketKeys: 'next keys' })
})

it('ignores what is no message', async () => {
  const { supervisor, workers } = supervise(1)
  await supervisor.start()
  for (const value of [
    undefined,
    7,
    {},
    { kind: 'constructor' },
    { kind: 'takes' },
    { kind: 'serving', number: '1' },
  ]) {
    workers[0]!.sayAnything(value)
  }
  expect(supervisor.slots[0]).toMatchObject({ state: 'serving', serving: 1 })
})
