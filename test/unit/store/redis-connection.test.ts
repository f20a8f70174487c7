import { describe, expect, it } from 'vitest'
import { createRedisClient, parseRedisUrl } from '../../../src/store/redis-connection.ts'

describe('a Redis URL', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, db: 0 }],
    ['redis://cache.internal:7000/3', { host: 'cache.internal', port: 7000, db: 3 }],
    ['redis://:p%40ss@h', { host: 'h', port: 6379, db: 0, password: 'p@ss' }],
    ['redis://user:secret@h/', { host: 'h', port: 6379, db: 0, username: 'user', password: 'secret' }],
    ['redis://[::1]:6380', { host: '::1', port: 6380, db: 0 }],
    ['rediss://h', { host: 'h', port: 6379, db: 0, tls: { servername: 'h' } }],
    ['rediss://10.0.0.1', { host: '10.0.0.1', port: 6379, db: 0, tls: {} }],
  ])('%s names server, database and credentials', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual(expected)
  })

  it.each([
    '',
    'localhost:6379',
    'http://h',
    'redis://',
    'redis://h/zero',
    'redis://h:99999',
    'redis://u:%zz@h',
  ])('%s is refused with the right form, without repeating what may be a password', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/^not a Redis URL: write redis:\/\/host:6379/)
  })

  it('cannot change how the client behaves', () => {
    const { options } = createRedisClient(
      'redis://h?enableOfflineQueue=true&maxRetriesPerRequest=20',
      () => 0,
    )
    expect(options).toMatchObject({ host: 'h', enableOfflineQueue: false, maxRetriesPerRequest: 0 })
  })
})

describe('reconnecting', () => {
  it('backs off to half a second at most, with half of it left to chance', () => {
    const delays = (random: number) => {
      const { options } = createRedisClient('redis://h', () => random)
      return [1, 2, 3, 4, 5, 50].map((times) => options.retryStrategy!(times))
    }
    expect(delays(0)).toEqual([25, 50, 100, 200, 250, 250])
    expect(delays(1)).toEqual([50, 100, 200, 400, 500, 500])
  })

  it('looks for the new primary when the old one has become a replica', () => {
    const { options } = createRedisClient('redis://h', () => 0)
    expect(
      options.reconnectOnError!(new Error("READONLY You can't write against a read only replica.")),
    ).toBe(true)
    expect(options.reconnectOnError!(new Error('ERR unknown command'))).toBe(false)
  })
})
