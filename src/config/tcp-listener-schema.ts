// Listeners that pass bytes on: plain TCP, and TLS that stays closed and is routed by the name in its hello.
import { z } from 'zod'
import { duration } from '../units.ts'
import { network } from './address-field.ts'
import { serverName } from './host-field.ts'

const someTime = duration.refine((ms) => ms > 0, { error: 'no time at all is out of range: more than 0ms' })

const serviceName = z.string().min(1)

const connections = z
  .strictObject({
    max: z.int().min(1).max(1_000_000).default(10_000).describe('Open connections of this listener.'),
    perAddress: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .describe('Open connections of one client address; of one /64 network for IPv6.'),
  })
  .prefault({})
  .describe('How many connections may be open; one more is reset.')

const timeouts = {
  idle: someTime.prefault('1h').describe('How long nothing may move in either direction.'),
  halfOpen: someTime.prefault('1m').describe('The same once one side has ended what it sends.'),
  lifetime: someTime.prefault('1d').describe('How long a connection may last in all.'),
}

const hello = someTime.prefault('10s').describe('How long the TLS hello may take to arrive.')

const everyTcpListener = {
  allow: z.array(network).min(1).optional().describe('Networks that may connect; everybody without it.'),
  deny: z.array(network).min(1).optional().describe('Networks that may not; wins over `allow`.'),
  connections,
}

/** Beside the keys of every listener. */
export const tcpKeys = {
  service: serviceName.describe('Where connections go: a service with `tcp://` targets.'),
  ...everyTcpListener,
  timeouts: z.strictObject(timeouts).prefault({}).describe('When a connection is closed by the gateway.'),
}

/** A thousand names are a config file; more are a directory of their own. */
const MAX_NAMES = 1000

export const passthroughKeys = {
  hosts: z
    .record(serverName, serviceName)
    .refine((hosts) => Object.keys(hosts).length > 0, { error: 'names no host' })
    .refine((hosts) => Object.keys(hosts).length <= MAX_NAMES, {
      error: `names more than ${MAX_NAMES} hosts`,
    })
    .describe(
      'Server name -> service with `tcp://` targets: `db.example.com`, `*.example.com`, or `*` for all other names and none.',
    ),
  ...everyTcpListener,
  timeouts: z
    .strictObject({ hello, ...timeouts })
    .prefault({})
    .describe('When a connection is closed by the gateway.'),
}
