// Relative paths mean the folder in which the user typed, also through npm.
import { expect, it } from 'vitest'
import { callerFolder } from '../../../src/cli/caller-folder.ts'

const packageFile = '/repo/package.json'
const byNpm = { npm_lifecycle_event: 'turnpike', npm_package_json: packageFile, INIT_CWD: '/repo/conf' }

it('is where `npm run turnpike` was typed', () => {
  expect(callerFolder({ env: byNpm, cwd: '/repo', packageFile })).toBe('/repo/conf')
})

it.each([
  ['without npm', {}],
  ['in another script of npm', { ...byNpm, npm_lifecycle_event: 'test' }],
  ['in a script of another package', { ...byNpm, npm_package_json: '/other/package.json' }],
  ['when npm does not say where', { ...byNpm, INIT_CWD: undefined }],
])('is the working directory %s', (_name, env) => {
  expect(callerFolder({ env, cwd: '/repo', packageFile })).toBe('/repo')
})
