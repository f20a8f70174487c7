// Connections are counted, in all and by client, and one too many is closed.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Admission, type Refused } from '../../../src/edge/admission.ts'

class FakeSocket extends EventEmitter {
  destroyed = false

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function create() {
  const refused: Refused[] = []
  const admission = new Admission({ connections: 3, connectionsPerClient: 2 }, (because) =>
    refused.push(because),
  )
  const connect = (address?: string) => {
    const socket = new FakeSocket()
    const real = socket as unknown as Socket
    const admitted = admission.admit(real) && (address === undefined || admission.admitClient(real, address))
    return { socket, admitted }
  }
  return { admission, refused, connect }
}

describe('connections', () => {
  it('of all are bounded, and the place of one that has gone is free again', () => {
    const { admission, refused, connect } = create()
    const open = [connect(), connect(), connect()]
    const late = connect()
    expect(late).toMatchObject({ admitted: false, socket: { destroyed: true } })
    expect(refused).toEqual(['all'])
    open[0]!.socket.destroy()
    expect(admission.open.size).toBe(2)
    expect(connect().admitted).toBe(true)
  })

  it('of one client are bounded, and cost the others nothing', () => {
    const { admission, refused, connect } = create()
    const first = connect('a')
    expect([first, connect('a'), connect('a'), connect('b')].map(({ admitted }) => admitted)).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(refused).toEqual(['client'])
    expect(admission.open.size).toBe(3)
    first.socket.destroy()
    expect(connect('a').admitted).toBe(true)
  })

  it('of all addresses of one IPv6 network are those of one client', () => {
    const { connect } = create()
    const admitted = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map(connect)
    expect(admitted.map((one) => one.admitted)).toEqual([true, true, false, true])
  })

  it('that are refused are counted nowhere', () => {
    const { admission, connect } = create()
    for (const address of ['a', 'a', 'a', 'a']) connect(address)
    expect(admission.open.size).toBe(2)
  })
})
