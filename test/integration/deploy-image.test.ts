// What parsers can say about the image, and about the lock file that it and every fresh clone install from.
import { existsSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Document, dockerInstructions, ROOT, text } from '../support/repository-files.ts'

const one = (word: string): string =>
  dockerInstructions().findLast((instruction) => instruction.word === word)?.rest ?? ''

describe('the Dockerfile', () => {
  it('copies only what exists and what .dockerignore lets through', () => {
    const allowed = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    const sources = dockerInstructions()
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
    expect(sources.length).toBeGreaterThan(5)
    for (const source of sources) {
      expect(existsSync(join(ROOT, source)), source).toBe(true)
      expect(
        allowed.some((entry) => matchesGlob(source, entry) || source.startsWith(`${entry}/`)),
        source,
      ).toBe(true)
    }
  })

  it('ends as a user without rights, with a health check that needs nothing but Node', () => {
    expect(one('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(one('STOPSIGNAL')).toBe('SIGTERM')
    expect(one('HEALTHCHECK')).toMatch(/CMD \["node", .*\/livez/)
    expect(one('ENTRYPOINT')).toMatch(/^\["node", ".*dist\/src\/start\.js"\]$/)
    expect(one('ARG')).toBe('NODE_IMAGE=node:24-slim')
  })
})

describe('package-lock.json', () => {
  it('lists every optional package, so that npm ci takes it on every platform', () => {
    const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, Document> }
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      ),
    )
    expect(missing).toEqual([])
  })
})
