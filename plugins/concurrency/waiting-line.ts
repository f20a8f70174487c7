// A first-in first-out line that anyone may leave from the middle, each step at constant cost.

/** One place in the line. */
export interface Place {
  /** The turn has come. */
  readonly call: () => void
  previous: Place | undefined
  next: Place | undefined
}

// A linked list, because an array costs its length for each client that gives up under overload.
export class WaitingLine {
  #first: Place | undefined
  #last: Place | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  join(call: () => void): Place {
    const place: Place = { call, previous: this.#last, next: undefined }
    if (this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
    this.#length++
    return place
  }

  /** The place must be in the line. */
  leave(place: Place): void {
    if (place.previous) place.previous.next = place.next
    else this.#first = place.next
    if (place.next) place.next.previous = place.previous
    else this.#last = place.previous
    this.#length--
  }

  /** Takes the first out of the line. */
  shift(): Place | undefined {
    const place = this.#first
    if (place) this.leave(place)
    return place
  }
}
