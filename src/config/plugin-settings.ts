// One plugin's value at one level: its settings, a switch-off, or a fault. Equal values are read once.
import type { CheckFacts, Fault, Plugin } from '../plugin.ts'
import type { Path } from './fault.ts'
import { addFindings } from './findings.ts'
import { failureMessage } from './import-module.ts'
import type { LoadState } from './load-state.ts'
import type { ConfigMap } from './places.ts'
import { keysOf } from './plugin-root.ts'
import { validate } from './validate.ts'
import type { Finding, Verdict } from './zod-faults.ts'
import { show } from './zod-wording.ts'

/** What a level says about a plugin. */
export type Said =
  | { readonly kind: 'settings'; readonly reading: Reading }
  /** `false`. */
  | { readonly kind: 'off' }
  /** The plugin's own word for off. */
  | { readonly kind: 'none' }
  | { readonly kind: 'faulty' }

/** Settings that any number of routes may share, with the faults that `check` found in them. */
export class Reading {
  readonly settings: unknown
  readonly #faults = new Map<boolean, readonly Fault[]>()

  constructor(settings: unknown) {
    this.settings = settings
  }

  /** The facts differ between routes only in `identifies`; with `isPartial` the root has entries as written. */
  check(plugin: Plugin, facts: CheckFacts, isPartial: boolean): readonly Fault[] {
    let faults = this.#faults.get(facts.identifies)
    if (!faults) {
      faults = runCheck(plugin, { settings: this.settings, isPartial }, facts)
      this.#faults.set(facts.identifies, faults)
    }
    return faults
  }
}

const OFF_WORDS: ReadonlySet<unknown> = new Set(['off', 'no', 'false', 'none', 'disabled', 'never'])
const OFF: Said = { kind: 'off' }
const NONE: Said = { kind: 'none' }
const FAULTY: Said = { kind: 'faulty' }

/** Reads the values of one plugin, wherever they stand. */
export class SettingsReader {
  readonly plugin: Plugin
  /** Its place in the order of the plugins. */
  readonly index: number
  readonly #state: LoadState
  readonly #known = new Map<string, Said>()

  constructor(plugin: Plugin, index: number, state: LoadState) {
    this.plugin = plugin
    this.index = index
    this.#state = state
  }

  read(map: ConfigMap, path: Path): Said {
    const { name, off } = this.plugin
    const value = map[name]
    if (value === undefined) return FAULTY
    if (off !== undefined && value === off) return NONE
    if (value === false) return off === undefined ? OFF : this.#refuse(map, path, off)
    if (off !== undefined && OFF_WORDS.has(value)) return this.#refuse(map, path, off)
    const text = JSON.stringify(value)
    const said = this.#known.get(text) ?? this.#readNew(map, path)
    // A fault is told at each of its places.
    if (said.kind !== 'faulty') this.#known.set(text, said)
    return said
  }

  #readNew(map: ConfigMap, path: Path): Said {
    const { name } = this.plugin
    const verdict = this.#validate(map)
    if ('value' in verdict) return { kind: 'settings', reading: new Reading(verdict.value) }
    if (OFF_WORDS.has(map[name])) return this.#refuse(map, path, 'false')
    const isEmpty = map[name] === null
    if (isEmpty)
      this.#state.list.add({
        path: [...path, name],
        message: 'has no value',
        hint: 'write {} for its defaults, or false',
      })
    else addFindings(this.#withKey(verdict.findings, map[name]), [...path, name], this.#state)
    return FAULTY
  }

  /** A word or number where a map is expected, and that one key of it would take: the hint shows the map. */
  #withKey(findings: readonly Finding[], value: unknown): readonly Finding[] {
    if (typeof value !== 'string' && typeof value !== 'number') return findings
    const { settings } = this.plugin
    const accepts = (map: object) => settings.safeParse(map).success
    const [first, second] = keysOf(settings).filter((key) => accepts({ [key]: value }))
    // Of several, none may be meant; where one of them must be written, the first is the usual one.
    if (first === undefined || (second !== undefined && accepts({}))) return findings
    const hint = `write { ${first}: ${value} }`
    return findings.map((one) => (one.path.length > 0 || one.hint ? one : { ...one, hint }))
  }

  #validate(map: ConfigMap): Verdict {
    const { name, settings } = this.plugin
    try {
      return validate(settings, { container: map, key: name }, this.#state.untyped)
    } catch (error) {
      const message = `the plugin could not read it: ${failureMessage(error)}`
      return { findings: [{ path: [], message, kind: 'value' }] }
    }
  }

  #refuse(map: ConfigMap, path: Path, word: string): Said {
    const { name } = this.plugin
    const message = `${show(map[name])} does not switch ${name} off`
    this.#state.list.add({ path: [...path, name], message, hint: `write ${name}: ${word}` })
    return FAULTY
  }
}

interface Checked {
  readonly settings: unknown
  readonly isPartial: boolean
}

function runCheck(plugin: Plugin, { settings, isPartial }: Checked, facts: CheckFacts): readonly Fault[] {
  try {
    return plugin.check?.(settings, facts) ?? []
  } catch (error) {
    // An entry that its schema refuses may break the check: that entry's own fault is told already.
    if (isPartial) return []
    return [{ path: [], message: `the plugin could not check it: ${failureMessage(error)}` }]
  }
}
