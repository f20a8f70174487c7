// What defaults, service and route say about each plugin, and what that comes to.
import type { Layer, Plugin } from '../plugin.ts'
import type { Path } from './fault.ts'
import type { LoadState } from './load-state.ts'
import type { ConfigMap } from './places.ts'
import type { Reading, Said, SettingsReader } from './plugin-settings.ts'

/** One level of the config: `defaults`, a service or a route. */
export interface LevelMap {
  readonly level: Layer['level']
  readonly map: ConfigMap
  readonly path: Path
}

/** Settings at one level, and where they were written. */
export interface PlacedLayer {
  readonly layer: Layer
  readonly reading: Reading
  /** Of the level; the plugin's value stands below it, under the plugin's name. */
  readonly levelPath: Path
  /** Absolute. */
  readonly file: string
}

/** What holds for one plugin after the levels read so far. */
export interface Standing {
  /** Outermost first; empty: off. */
  readonly layers: readonly PlacedLayer[]
  /** Switched off by the plugin's own word. */
  readonly none: boolean
  readonly faulty: boolean
}

/** One for each plugin, in the order of the plugins; undefined where no level has spoken of it. */
export type Standings = readonly (Standing | undefined)[]

export type Readers = ReadonlyMap<string, SettingsReader>

export interface LevelReading {
  readonly readers: Readers
  readonly state: LoadState
}

const OFF: Standing = { layers: [], none: false, faulty: false }
const NONE: Standing = { layers: [], none: true, faulty: false }

/** The standings after one more level; the very same when it says nothing. */
export function addLevel(outer: Standings, level: LevelMap, { readers, state }: LevelReading): Standings {
  let standings: (Standing | undefined)[] | undefined
  for (const name in level.map) {
    const reader = readers.get(name)
    if (!reader) continue
    const { plugin, index } = reader
    standings ??= [...outer]
    const said = reader.read(level.map, level.path)
    standings[index] = standingAfter(said, { level, plugin, before: outer[index] ?? OFF, state })
  }
  return standings ?? outer
}

interface Surroundings {
  readonly level: LevelMap
  readonly plugin: Plugin
  readonly before: Standing
  readonly state: LoadState
}

function standingAfter(said: Said, { level, plugin, before, state }: Surroundings): Standing {
  if (said.kind === 'off') return OFF
  if (said.kind === 'none') return NONE
  if (said.kind === 'faulty') return { ...before, faulty: true }
  const placed = placeLayer(level, plugin.name, said.reading, state)
  if (plugin.layering !== 'add') return { layers: [placed], none: false, faulty: false }
  return { layers: [...before.layers, placed], none: false, faulty: before.faulty }
}

function placeLayer(level: LevelMap, name: string, reading: Reading, state: LoadState): PlacedLayer {
  const mark = state.places.mark(level.map, name)
  const source = mark?.source ?? state.rootSource
  const origin = source.origin(mark?.key ?? 0)
  return {
    layer: { level: level.level, settings: reading.settings, origin },
    reading,
    levelPath: level.path,
    file: source.path,
  }
}
