/** The secret that this machine's tokens are signed with, for the server and for the tools beside it. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { Principal } from './gateway/peer.ts';
import { createTokens, type TokenOptions } from './gateway/tokens.ts';

const HOUR = 3600;

/** `create` makes the secret where there is none; only the server does. @throws Error when there is none otherwise */
export function tokenOptionsOf(config: Config, { create }: { create: boolean }): TokenOptions {
  return {
    issuer: config.AUSCULT_JWT_ISSUER,
    audience: config.AUSCULT_JWT_AUDIENCE,
    secret: secretOf(config, create),
    ...(config.AUSCULT_JWKS_URL === undefined ? {} : { jwks: { url: config.AUSCULT_JWKS_URL } }),
    lifetimeSeconds: HOUR,
    loginSeconds: 12 * HOUR,
  };
}

/**
 * A token for whoever can read the data directory: they hold the secret, so they could make it by any means.
 * @throws Error in one sentence when there is no secret
 */
export async function mintToken(
  config: Config,
  principal: Principal,
  lifetimeSeconds: number,
): Promise<string> {
  const options = { ...tokenOptionsOf(config, { create: false }), lifetimeSeconds };
  const nothingRevoked = { revoke() {}, isRevoked: () => false, watch: () => () => {} };
  const tokens = createTokens(options, systemClock, nothingRevoked, () => nanoid());
  return (await tokens.issue(principal)).token;
}

/** The setting, or one made on the first start, so that tokens outlive a restart. */
function secretOf(config: Config, create: boolean): Uint8Array {
  if (config.AUSCULT_JWT_SECRET !== undefined) return Buffer.from(config.AUSCULT_JWT_SECRET);
  const file = join(config.AUSCULT_DATA, 'token.secret');
  if (!existsSync(file)) {
    if (!create)
      throw new Error(
        `There is no token secret in ${config.AUSCULT_DATA}; start the server once, or set AUSCULT_JWT_SECRET.`,
      );
    writeFileSync(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(file);
}
