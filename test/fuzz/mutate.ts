// Makes an input out of others: bytes changed, moved, doubled, dropped, or taken from a dictionary.

export interface Ingredients {
  /** What was interesting so far; never empty. */
  readonly corpus: readonly Buffer[]
  /** Words of the language that the target reads. */
  readonly dictionary: readonly Buffer[]
  readonly maxBytes: number
  /** [0, 1) */
  random(): number
}

type Mutation = (input: Buffer, ingredients: Ingredients) => Buffer

const MAX_MUTATIONS = 6

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  dropRange,
  doubleRange,
  insertWord,
  insertWord,
  overwriteWord,
  splice,
]

export function mutate(ingredients: Ingredients): Buffer {
  const { corpus, maxBytes, random } = ingredients
  let input: Buffer = Buffer.from(pick(corpus, random))
  for (let left = 1 + below(MAX_MUTATIONS, random); left > 0; left--) {
    input = pick(MUTATIONS, random)(input, ingredients)
  }
  return input.subarray(0, maxBytes)
}

function flipBit(input: Buffer, { random }: Ingredients): Buffer {
  if (input.length > 0) input[below(input.length, random)]! ^= 1 << below(8, random)
  return input
}

function setByte(input: Buffer, { random }: Ingredients): Buffer {
  if (input.length > 0) input[below(input.length, random)] = below(256, random)
  return input
}

function dropRange(input: Buffer, { random }: Ingredients): Buffer {
  const [from, to] = range(input, random)
  return Buffer.concat([input.subarray(0, from), input.subarray(to)])
}

function doubleRange(input: Buffer, { random }: Ingredients): Buffer {
  const [from, to] = range(input, random)
  return Buffer.concat([input.subarray(0, to), input.subarray(from)])
}

function insertWord(input: Buffer, { dictionary, random }: Ingredients): Buffer {
  const at = below(input.length + 1, random)
  return Buffer.concat([input.subarray(0, at), word(dictionary, random), input.subarray(at)])
}

function overwriteWord(input: Buffer, { dictionary, random }: Ingredients): Buffer {
  const at = below(input.length + 1, random)
  const put = word(dictionary, random)
  return Buffer.concat([input.subarray(0, at), put, input.subarray(at + put.length)])
}

function splice(input: Buffer, { corpus, random }: Ingredients): Buffer {
  const other = pick(corpus, random)
  return Buffer.concat([
    input.subarray(0, below(input.length + 1, random)),
    other.subarray(below(other.length + 1, random)),
  ])
}

function word(dictionary: readonly Buffer[], random: () => number): Buffer {
  return dictionary.length > 0 ? pick(dictionary, random) : Buffer.from([below(256, random)])
}

/** Short ones are more likely. */
function range(input: Buffer, random: () => number): readonly [number, number] {
  const from = below(input.length + 1, random)
  return [from, Math.min(input.length, from + 1 + Math.floor(16 * random() ** 3 * 4))]
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[below(list.length, random)]!
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit)
}
