/** JSON Web Tokens: our own (HS256, one secret) and those of an identity provider (JWKS). */
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { CodedError } from '../../shared/errors.ts';
import type { Clock } from '../clock.ts';
import type { Principal } from './peer.ts';
import type { Revocations } from './revocations.ts';

export interface TokenOptions {
  /** Both are demanded of every token. */
  issuer: string;
  audience: string;
  /** 32 bytes or more: tokens of our own are issued and accepted. */
  secret?: Uint8Array;
  /** Tokens signed by one of these keys are accepted; their issuer and audience where they differ from ours. */
  jwks?: { url: string; issuer?: string; audience?: string };
  /** Of a token that is issued here. */
  lifetimeSeconds: number;
  /** After a login, renewing ends. */
  loginSeconds: number;
}

/** A token that holds, and until when. */
export interface Verified {
  principal: Principal;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** What may be revoked: the token, and the login that it was renewed from. */
  ids: readonly string[];
  /** Milliseconds since 1970 when the login took place. */
  loggedInAt: number;
}

export interface IssuedToken {
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface Tokens {
  /** @throws CodedError UNAUTHENTICATED */
  verify(token: string): Promise<Verified>;
  /** @throws CodedError NOT_FOUND where no secret is set: the identity provider issues. */
  issue(principal: Principal): Promise<IssuedToken>;
  /** Until `loginSeconds` after the login. @throws CodedError UNAUTHENTICATED, NOT_FOUND */
  renew(verified: Verified): Promise<IssuedToken>;
}

const asymmetric = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const knownRoles = ['clinician', 'reviewer', 'admin'] as const;

const Claims = z.object({
  sub: z.string().min(1).max(256),
  tenant: z.string().min(1).max(256),
  roles: z.array(z.string()).max(100),
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().max(256).optional(),
  sid: z.string().max(256).optional(),
  auth_time: z.number().optional(),
});

export function createTokens(
  options: TokenOptions,
  clock: Clock,
  revocations: Revocations,
  newId: () => string,
): Tokens {
  const { secret, jwks, issuer, audience } = options;
  if (secret !== undefined && secret.length < 32)
    throw new Error('The token secret must be 32 bytes or longer.');
  const remoteKeys = jwks && createRemoteJWKSet(new URL(jwks.url), { timeoutDuration: 5_000 });

  async function claimsOf(token: string): Promise<z.infer<typeof Claims>> {
    const shared = { currentDate: new Date(clock.now()), requiredClaims: ['exp', 'sub'] };
    // Each kind of key takes only its own algorithms, so a public key can never pass as a secret.
    if (decodeProtectedHeader(token).alg === 'HS256') {
      if (secret === undefined) throw new Error('no secret');
      return Claims.parse(
        (await jwtVerify(token, secret, { ...shared, issuer, audience, algorithms: ['HS256'] })).payload,
      );
    }
    if (remoteKeys === undefined) throw new Error('no key set');
    const expected = { issuer: jwks?.issuer ?? issuer, audience: jwks?.audience ?? audience };
    return Claims.parse(
      (await jwtVerify(token, remoteKeys, { ...shared, ...expected, algorithms: asymmetric })).payload,
    );
  }

  async function sign(
    principal: Principal,
    login: string,
    loggedInAt: number,
    expiresAt: number,
  ): Promise<IssuedToken> {
    if (secret === undefined) throw new CodedError('NOT_FOUND');
    const claims = {
      tenant: principal.tenant,
      roles: principal.roles,
      sid: login,
      auth_time: Math.floor(loggedInAt / 1000),
    };
    const seconds = Math.floor(expiresAt / 1000);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(principal.subject)
      .setIssuer(issuer)
      .setAudience(audience)
      .setJti(newId())
      .setIssuedAt(Math.floor(clock.now() / 1000))
      .setExpirationTime(seconds)
      .sign(secret);
    return { token, expiresAt: seconds * 1000 };
  }

  return {
    async verify(token) {
      const claims = await claimsOf(token).catch((cause) => {
        throw new CodedError('UNAUTHENTICATED', { cause });
      });
      const roles = knownRoles.filter((role) => claims.roles.includes(role));
      const id = claims.jti ?? createHash('sha256').update(token).digest('base64url');
      const ids = claims.sid === undefined ? [id] : [id, claims.sid];
      if (roles.length === 0 || revocations.isRevoked(claims.tenant, ids))
        throw new CodedError('UNAUTHENTICATED');
      return {
        principal: { subject: claims.sub, tenant: claims.tenant, roles },
        expiresAt: claims.exp * 1000,
        ids,
        loggedInAt: (claims.auth_time ?? claims.iat ?? clock.now() / 1000) * 1000,
      };
    },
    issue: (principal) => sign(principal, newId(), clock.now(), clock.now() + options.lifetimeSeconds * 1000),
    async renew(verified) {
      const end = verified.loggedInAt + options.loginSeconds * 1000;
      const expiresAt = Math.min(end, clock.now() + options.lifetimeSeconds * 1000);
      if (expiresAt <= clock.now()) throw new CodedError('UNAUTHENTICATED');
      return sign(verified.principal, verified.ids.at(-1)!, verified.loggedInAt, expiresAt);
    },
  };
}
