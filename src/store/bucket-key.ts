// How a check's key becomes the name of its bucket: bounded in length, and nothing a client sends can steer it.
import { hash } from 'node:crypto'
import type { LimitCheck } from '../plugin.ts'
import { LEASE_SUB_BUCKETS } from './lease.ts'

/** Keys up to this length are kept as they are in memory; a longer one would let clients choose how much we store. */
const MAX_PLAIN_KEY = 128

/** 128 bits as base64url: finding a second key for a given digest takes 2^128 tries. */
const DIGEST_LENGTH = 22

/**
 * Windows of another length cannot share a ring; a level in cells can be shared by any rate. How far a ring goes
 * ahead of now is a part of it: gateways that differ in it, as while they are updated one by one, must not read each other's.
 */
function kindOf(check: LimitCheck): string {
  return check.kind === 'window' ? `w${LEASE_SUB_BUCKETS}:${check.windowMs}:` : 'r:'
}

/** For a process-local map. `#` cannot be forged: a plain key has its own prefix. */
export function localBucketKey(check: LimitCheck): string {
  const { key } = check
  return kindOf(check) + (key.length <= MAX_PLAIN_KEY ? `=${key}` : `#${digest(key)}`)
}

/**
 * For Redis. Every bucket shares the hash tag `{limits}`, because one call takes any combination of limits and a cluster
 * runs a script on one slot only. The digest keeps `:`, braces and newlines of a client's key out of the name.
 */
export function redisBucketKey(prefix: string, check: LimitCheck): string {
  return `${prefix}{limits}:${kindOf(check)}${digest(check.key)}`
}

function digest(key: string): string {
  return hash('sha256', key, 'base64url').slice(0, DIGEST_LENGTH)
}
