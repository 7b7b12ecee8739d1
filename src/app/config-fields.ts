import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { PhoneRegion } from "../core/protocol/phone-regions.ts";
import { isPhoneRegion } from "../core/protocol/phone-regions.ts";
import type { Thesaurus } from "../core/protocol/search-text/index.ts";
import { BUILT_IN_TOPICS, parseThesaurus } from "../core/protocol/search-text/index.ts";

/** The kinds of values that environment variables hold. */

/** CAIP-2: `eip155:` and the chain id. */
export const Network = z.templateLiteral(["eip155:", z.number().int().positive()]);

export const LogLevel = z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info");
export const Flag = z.enum(["true", "false"]).transform((text) => text === "true");
export const whole = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(0).max(max));
export const count = (fallback: number, max: number) => whole(max).default(fallback);

/** 32 bytes in base64 or hex. */
export const Key32 = z.string().transform((text, ctx) => {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  if (bytes.length === 32) return bytes;
  ctx.addIssue({ code: "custom", message: "must be 32 bytes in base64 or hex (openssl rand -base64 32)" });
  return z.NEVER;
});

/** Keys separated by commas. The first encrypts; all decrypt. */
export const Keys32 = z
  .string()
  .transform((text) => text.split(",").map((key) => key.trim()))
  .pipe(z.tuple([Key32], Key32));

/** Addresses and CIDR ranges, separated by commas. */
export const AddressRanges = z
  .string()
  .transform((text) => text.split(",").map((range) => range.trim()))
  .refine((ranges) => ranges.every((range) => isIP(range) !== 0 || ipaddr.isValidCIDR(range)), {
    message: "must be addresses or CIDR ranges, separated by commas",
  });

/** The topics that Tollfree comes with. */
export const BUILT_IN_THESAURUS = parseThesaurus(BUILT_IN_TOPICS).thesaurus;

function readText(path: string): string | Error {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return error as Error;
  }
}

/** The path of a file with further topics for search, in the form that `parseThesaurus` describes. */
export const ThesaurusFile = z.string().transform((path, ctx): Thesaurus => {
  const topics = readText(path);
  if (topics instanceof Error) {
    ctx.addIssue({ code: "custom", message: `can't be read: ${topics.message}` });
    return z.NEVER;
  }
  const ownLines = BUILT_IN_TOPICS.split("\n").length;
  const { thesaurus, mistakes } = parseThesaurus(`${BUILT_IN_TOPICS}\n${topics}`, ownLines);
  for (const mistake of mistakes.slice(0, 10)) ctx.addIssue({ code: "custom", message: mistake });
  return mistakes.length === 0 ? thesaurus : z.NEVER;
});

/** ISO 3166-1 codes, separated by commas. */
export const Regions = z.string().transform((text, ctx): PhoneRegion[] => {
  const codes = text.split(",").map((code) => code.trim().toUpperCase());
  const regions = codes.filter(isPhoneRegion);
  if (regions.length === codes.length) return [...new Set(regions)];
  ctx.addIssue({ code: "custom", message: "must be ISO 3166-1 codes such as PT, separated by commas" });
  return z.NEVER;
});
