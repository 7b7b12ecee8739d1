import { z } from "zod";
import type { CdpKey, FacilitatorAuth } from "../platform/x402/facilitator-auth.ts";
import { readCdpKey } from "../platform/x402/facilitator-auth.ts";

/** The secret of an API key of Coinbase's Developer Platform. */
const CdpSecret = z.string().transform((text, ctx) => {
  const key = readCdpKey(text);
  if (key !== undefined) return key;
  ctx.addIssue({
    code: "custom",
    message: "must be the secret of a CDP API key: 64 bytes in base64 (Ed25519), or a PEM of an EC key",
  });
  return z.NEVER;
});

/** The variables that hold our credentials for the facilitator. */
export const FacilitatorVariables = {
  X402_FACILITATOR_AUTH: z.enum(["none", "bearer", "cdp"]).default("none"),
  X402_FACILITATOR_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be a token without blanks")
    .optional(),
  CDP_API_KEY_ID: z.string().min(1).optional(),
  CDP_API_KEY_SECRET: CdpSecret.optional(),
};
type FacilitatorEnvironment = z.infer<z.ZodObject<typeof FacilitatorVariables>>;

/** The variables of each kind of credentials for the facilitator. */
const FACILITATOR_CREDENTIALS = {
  none: [],
  bearer: ["X402_FACILITATOR_TOKEN"],
  cdp: ["CDP_API_KEY_ID", "CDP_API_KEY_SECRET"],
} as const satisfies Record<FacilitatorAuth["kind"], readonly string[]>;

/**
 * Checks the credentials: they must be complete and used, and must not be sent in the clear to another machine.
 * @returns one line for each mistake
 */
export function checkFacilitatorAuth(given: Partial<Record<string, string>>): string[] {
  const kind = given["X402_FACILITATOR_AUTH"] ?? "none";
  if (!(kind in FACILITATOR_CREDENTIALS)) return []; // the schema says so
  const needed: readonly string[] = FACILITATOR_CREDENTIALS[kind as FacilitatorAuth["kind"]];
  const unused = Object.entries(FACILITATOR_CREDENTIALS).flatMap(([other, names]) =>
    names
      .filter((name) => given[name] !== undefined && !needed.includes(name))
      .map((name) => `${name}: is set but not used. Set X402_FACILITATOR_AUTH=${other}, or unset ${name}`),
  );
  const missing = needed
    .filter((name) => given[name] === undefined)
    .map((name) => `${name}: is required with X402_FACILITATOR_AUTH=${kind}`);
  const url = given["X402_FACILITATOR_URL"];
  const inTheClear =
    kind !== "none" && url !== undefined && /^http:\/\/(?!localhost\b|127\.|\[::1\])/i.test(url)
      ? ["X402_FACILITATOR_URL: credentials are sent by https only. Use an https URL"]
      : [];
  return [...missing, ...unused, ...inTheClear];
}

export function readFacilitatorAuth(env: FacilitatorEnvironment): FacilitatorAuth {
  // checkFacilitatorAuth has listed missing variables.
  switch (env.X402_FACILITATOR_AUTH) {
    case "none":
      return { kind: "none" };
    case "bearer":
      return { kind: "bearer", token: env.X402_FACILITATOR_TOKEN ?? "" };
    case "cdp":
      return { kind: "cdp", keyId: env.CDP_API_KEY_ID ?? "", key: env.CDP_API_KEY_SECRET as CdpKey };
  }
}
