// One RSA key, a provider that trusts it, and what that answers to a token.
import { FakeClock } from '../../../support/fake-clock.ts'
import { AUDIENCE, ISSUER, rsaKey, signTexts, signToken, type TokenOptions } from '../../../support/tokens.ts'
import { bearer, fakeExchange, fakes, run, secondsOf } from './fakes.ts'

export const rsa = rsaKey('rsa')
/** Seconds at which a fake clock starts. */
export const NOW = secondsOf(new FakeClock())

export const base = { type: 'jwt', issuer: ISSUER, audience: AUDIENCE }
export const withRsa = { ...base, publicKey: rsa.pem }

/** `accepted`, or the code of the refusal. */
export async function answerTo(token: string, provider: object = withRsa): Promise<string> {
  const hooks = fakes().route('corp', { auth: { corp: provider } })
  const refusal = await run(hooks, fakeExchange(bearer(token)))
  return refusal?.code ?? 'accepted'
}

export const token = (options: Partial<TokenOptions> = {}): string =>
  signToken({ key: rsa, at: NOW, ...options })

/** A token of these JSON texts, really signed by the RSA key. */
export const texts = (header: string, payload: string): string => signTexts(header, payload, rsa, 'RS256')

/** The JSON of good claims, and whatever is put behind them. */
export const claimsText = (extra: string): string =>
  `{"iss":"${ISSUER}","aud":"${AUDIENCE}","sub":"user-1","exp":${NOW + 60}${extra}}`
