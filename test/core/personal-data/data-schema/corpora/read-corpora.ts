import { readFileSync } from "node:fs";
import type { PhoneRegion } from "../../../../../src/core/protocol/phone-regions.ts";
import { isPhoneRegion } from "../../../../../src/core/protocol/phone-regions.ts";

/** The kinds of personal data in the corpora, and what the scanner calls them. */
export const KINDS: Readonly<Record<string, string>> = {
  email: "an e-mail address",
  phone: "a phone number",
  address: "a postal address",
  birthdate: "a date of birth",
  national_id: "a national id",
  bank_account: "a bank account number",
  card: "a payment card number",
  name: "a person's name",
};

/** `known` texts the scanner was mended against; `held-out` ones were only measured. */
export const PARTS = ["known", "held-out"] as const;
export type Part = (typeof PARTS)[number];

export interface CorpusText {
  text: string;
  language: string;
  /** Where the person lives who wrote it. Empty: unknown. */
  regions: PhoneRegion[];
  /** What the scanner calls what is in it; undefined for a harmless text. */
  likeness: string | undefined;
}

/** Lines such as `phone pt PT | 912 345 678`; harmless ones without the kind. The sign ⏎ stands for a line break. */
export function readCorpus(corpus: "personal" | "harmless", part: Part): CorpusText[] {
  const file = new URL(`${corpus}-${part}.txt`, import.meta.url);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const bar = line.indexOf(" | ");
    const labels = line.slice(0, bar).split(" ");
    const [kind, language, region] = corpus === "personal" ? labels : [undefined, ...labels];
    const likeness = kind === undefined ? undefined : KINDS[kind];
    if (bar === -1 || language === undefined || region === undefined)
      throw new Error(`not a line of this corpus: ${line}`);
    if (corpus === "personal" && likeness === undefined) throw new Error(`no such kind: ${line}`);
    const text = line.slice(bar + 3).replaceAll("⏎", "\n");
    return { text, language, regions: isPhoneRegion(region) ? [region] : [], likeness };
  });
}
