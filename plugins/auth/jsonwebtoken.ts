// The library that checks signatures, loaded with the first provider that needs it: 35 ms at the start of all others.
import { createRequire } from 'node:module'

type Library = typeof import('jsonwebtoken')

let library: Library | undefined

export function loadJsonWebToken(): Library {
  library ??= createRequire(import.meta.url)('jsonwebtoken') as Library
  return library
}
