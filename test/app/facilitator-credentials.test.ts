import type { KeyObject } from "node:crypto";
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/app/config.ts";
import { ConfigError } from "../../src/app/config-error.ts";
import { listSecrets } from "../../src/app/secrets.ts";
import { createLog } from "../../src/platform/observability/log.ts";
import type { FacilitatorAuth } from "../../src/platform/x402/facilitator-auth.ts";
import { readCdpKey } from "../../src/platform/x402/facilitator-auth.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import { createBuyer } from "../support/buyer.ts";
import { Caller } from "../support/caller.ts";
import { watchLines } from "../support/canaries.ts";
import type { GuardedFacilitator } from "../support/guarded-facilitator.ts";
import { expectCdpToken, expectToken, startGuardedFacilitator } from "../support/guarded-facilitator.ts";
import { startTestServer } from "../support/server.ts";
import { startUpstream } from "../support/upstream.ts";

const TOKEN = "facilitator-token-0123456789abcdef";
const KEY_ID = "organizations/0f0e/apiKeys/9b7a";
const PREFIX = "/platform/v2/x402";

interface CdpPair {
  secret: string;
  publicKey: KeyObject;
}

/** An Ed25519 key, with its secret as Coinbase gives it: the seed and the public key. */
function newEd25519(): CdpPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const secret = Buffer.concat([Buffer.from(d, "base64url"), Buffer.from(x, "base64url")]).toString("base64");
  return { secret, publicKey };
}

/** An elliptic-curve key, with its secret as a PEM in one line. */
function newEc(): CdpPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ format: "pem", type: "sec1" }).toString();
  return { secret: pem.replaceAll("\n", "\\n"), publicKey };
}

function cdpAuth(secret: string): FacilitatorAuth {
  const key = readCdpKey(secret);
  if (key === undefined) throw new Error("the secret isn't readable");
  return { kind: "cdp", keyId: KEY_ID, key };
}

/** A server that uses this facilitator, and a buyer for what its upstream sells. */
async function startServerWith(
  facilitator: GuardedFacilitator,
  auth: FacilitatorAuth,
  secrets: string[] = [],
) {
  onTestFinished(() => facilitator.close());
  const log = watchLines();
  const server = await startTestServer({
    facilitatorUrl: facilitator.url,
    facilitatorAuth: auth,
    log: createLog({ level: "info", secrets, destination: log }),
  });
  onTestFinished(() => server.close());
  const upstream = await startUpstream();
  onTestFinished(() => upstream.close());
  const caller = new Caller(server.url);
  const sponsor = await caller.createSponsor();
  const campaignId = await caller.createCampaign(
    { ...sponsor },
    [await caller.registerApi(sponsor.key, upstream)],
    { fundCents: 0 },
  );
  const buyer = await createBuyer(1_000_000n);
  const path = `/sponsor/campaigns/${campaignId}/fund`;
  return {
    server,
    log,
    fund: async () => {
      const terms = await caller.rest("POST", path, { token: sponsor.key, body: { amount_cents: 5 } });
      return caller.rest("POST", path, {
        token: sponsor.key,
        body: { amount_cents: 5 },
        headers: await buyer.sign(terms),
      });
    },
  };
}

describe("a server pays through a facilitator that asks for credentials", () => {
  const ed25519 = newEd25519();
  const ec = newEc();
  test.each<[string, FacilitatorAuth, () => Promise<GuardedFacilitator>]>([
    ["a bearer token", { kind: "bearer", token: TOKEN }, () => startGuardedFacilitator(expectToken(TOKEN))],
    [
      "an Ed25519 key of Coinbase's",
      cdpAuth(ed25519.secret),
      () => startGuardedFacilitator(expectCdpToken(KEY_ID, ed25519.publicKey), PREFIX),
    ],
    [
      "an elliptic-curve key of Coinbase's",
      cdpAuth(ec.secret),
      () => startGuardedFacilitator(expectCdpToken(KEY_ID, ec.publicKey), PREFIX),
    ],
  ])("with %s: verify, settle and supported each carry their own", async (_, auth, start) => {
    const facilitator = await start();
    const { server, fund } = await startServerWith(facilitator, auth);
    const funded = expectSuccess(await fund());
    expect(funded["credited_cents"]).toBe(5);
    await server.deps.networks.default.seller.checkFacilitator();
    expect(facilitator.refused).toEqual([]);
    const prefix = new URL(facilitator.url).pathname.replace(/\/$/, "");
    for (const request of ["verify", "settle", "supported"])
      expect(facilitator.admitted).toContain(`${prefix}/${request}`);
  });

  test.each<[string, FacilitatorAuth, string[]]>([
    ["none", { kind: "none" }, []],
    ["a wrong token", { kind: "bearer", token: "wrong-token-0123456789" }, ["wrong-token-0123456789"]],
    ["a key of another account", cdpAuth(newEd25519().secret), []],
  ])(
    "with %s nothing is credited, and no credential is in the answer or the log",
    async (_, auth, secrets) => {
      const facilitator = await startGuardedFacilitator(expectCdpToken(KEY_ID, ed25519.publicKey));
      const { server, log, fund } = await startServerWith(facilitator, auth, secrets);
      const answer = await fund();
      expectRefused(answer, 503, "service_unavailable");
      expect(facilitator.admitted).toEqual([]);
      expect(facilitator.refused.length).toBeGreaterThan(0);
      const [account] = await server.deps.db.budgetAccount.findMany({ where: { kind: "campaign" } });
      expect(account?.limit ?? 0n).toBe(0n);
      const written = JSON.stringify(answer.body) + log.lines.join("\n");
      expect(written).toMatch(/X402_FACILITATOR_AUTH: \S+ refuses the credentials \(\w+\) with status 401/); // once, in the log
      for (const secret of [...secrets, "eyJ"]) expect(written).not.toContain(secret);
    },
  );
});

describe("the configuration of credentials", () => {
  const complete = {
    DATABASE_URL: "postgresql://localhost/x",
    DATA_ENCRYPTION_KEY: "ab".repeat(32),
    X402_NETWORK: "eip155:84532",
    X402_ASSET: `0x${"1".repeat(40)}`,
    X402_RPC_URL: "https://rpc.example",
    X402_FACILITATOR_URL: "https://facilitator.example",
    TREASURY_PRIVATE_KEY: `0x${"2".repeat(64)}`,
  };
  const mistakesOf = (changes: Record<string, string>): string => {
    try {
      readConfig({ ...complete, ...changes });
      return "";
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
  };
  const { secret } = newEd25519();

  const CDP = { X402_FACILITATOR_AUTH: "cdp" };
  const BEARER = { X402_FACILITATOR_AUTH: "bearer" };
  test.each<[string, Record<string, string>, string]>([
    ["an unknown kind", { X402_FACILITATOR_AUTH: "basic" }, "X402_FACILITATOR_AUTH: "],
    ["no token", BEARER, "X402_FACILITATOR_TOKEN: is required"],
    [
      "a token with a blank",
      { ...BEARER, X402_FACILITATOR_TOKEN: "two words" },
      "X402_FACILITATOR_TOKEN: must be",
    ],
    ["no secret", { ...CDP, CDP_API_KEY_ID: KEY_ID }, "CDP_API_KEY_SECRET: is required"],
    ["no key id", { ...CDP, CDP_API_KEY_SECRET: secret }, "CDP_API_KEY_ID: is required"],
    [
      "half a secret",
      { ...CDP, CDP_API_KEY_ID: KEY_ID, CDP_API_KEY_SECRET: secret.slice(4) },
      "CDP_API_KEY_SECRET: must be",
    ],
    [
      "an unused API key",
      { CDP_API_KEY_ID: KEY_ID, CDP_API_KEY_SECRET: secret },
      "Set X402_FACILITATOR_AUTH=cdp",
    ],
    ["an unused token", { X402_FACILITATOR_TOKEN: TOKEN }, "Set X402_FACILITATOR_AUTH=bearer"],
    [
      "a token that would be sent in the clear",
      { ...BEARER, X402_FACILITATOR_TOKEN: TOKEN, X402_FACILITATOR_URL: "http://facilitator.example" },
      "X402_FACILITATOR_URL: credentials are sent by https only",
    ],
  ])("a configuration with %s is refused, and no secret is in the message", (_, changes, expected) => {
    const mistakes = mistakesOf(changes);
    expect(mistakes).toContain(expected);
    for (const value of [TOKEN, secret, secret.slice(4)]) expect(mistakes).not.toContain(value);
  });

  test.each<[string, Record<string, string>]>([
    ["without credentials", {}],
    ["with none", { X402_FACILITATOR_AUTH: "none" }],
    ["with a bearer token", { X402_FACILITATOR_AUTH: "bearer", X402_FACILITATOR_TOKEN: TOKEN }],
    ["with Coinbase's", { X402_FACILITATOR_AUTH: "cdp", CDP_API_KEY_ID: KEY_ID, CDP_API_KEY_SECRET: secret }],
    [
      "with a token and a facilitator on this machine",
      {
        X402_FACILITATOR_AUTH: "bearer",
        X402_FACILITATOR_TOKEN: TOKEN,
        X402_FACILITATOR_URL: inject("chain").facilitatorUrl,
      },
    ],
  ])("a configuration %s is accepted", (_, changes) => {
    expect(mistakesOf(changes)).toBe("");
  });

  test("the log hides every secret of the configuration, in any field", () => {
    const { secret: pem } = newEc();
    const environment = {
      ...complete,
      DATABASE_URL: "postgresql://tollfree:p%40ss%2Fword%3F@db/tollfree",
      X402_RPC_URL: "https://rpc.example/v2/0123456789abcdefghij",
      X402_FACILITATOR_TOKEN: TOKEN,
      CDP_API_KEY_SECRET: pem,
    };
    const log = watchLines();
    const logger = createLog({ level: "info", secrets: listSecrets(environment), destination: log });
    const lines = pem.split("\\n").filter((line) => line.length > 20 && !line.includes("-----"));
    const secrets = [
      TOKEN,
      ...lines,
      "p@ss/word?",
      "p%40ss%2Fword%3F",
      "0123456789abcdefghij",
      "2".repeat(64),
    ];
    for (const value of secrets) logger.info({ note: `got ${value}`, err: new Error(value) }, value);
    const written = log.lines.join("");
    expect(log.lines).toHaveLength(secrets.length);
    for (const value of secrets) expect(written).not.toContain(value);
    expect(written).toContain("got [redacted]");
  });
});
