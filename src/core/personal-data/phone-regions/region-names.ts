import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import { isPhoneRegion } from "../../protocol/phone-regions.ts";

/** Languages in which a user's region may be written. */
const LANGUAGES = ["en", "ja", "de", "fr", "es", "pt", "it", "nl", "pl", "ko", "zh", "ru"];
const COMMON_NAMES: Readonly<Record<string, PhoneRegion>> = {
  ...{ uk: "GB", england: "GB", scotland: "GB", wales: "GB", "great britain": "GB" },
  ...{ usa: "US", america: "US", "u.s.": "US", "u.s.a.": "US", holland: "NL", 米国: "US", 英国: "GB" },
};

const LETTERS = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
const fold = (text: string): string => text.normalize("NFKC").trim().toLowerCase();

let names: ReadonlyMap<string, PhoneRegion> | undefined;

/** The names of all regions, made when the first one is needed: it takes some milliseconds. */
function namesOfRegions(): ReadonlyMap<string, PhoneRegion> {
  const regions = LETTERS.flatMap((first) => LETTERS.map((second) => first + second)).filter(isPhoneRegion);
  const known = new Map<string, PhoneRegion>(Object.entries(COMMON_NAMES));
  for (const language of LANGUAGES) {
    const display = new Intl.DisplayNames([language], { type: "region", fallback: "none" });
    for (const region of regions) {
      const name = display.of(region);
      if (name !== undefined) known.set(fold(name), region);
    }
  }
  return known;
}

/**
 * The region that a user's registration names: by its code (`PT`, `de-AT`, `US-CA`), or by its name, also after a town
 * (`Portugal`, `Lisbon, Portugal`). Undefined if it names none, such as `EU`.
 */
export function regionOf(text: string): PhoneRegion | undefined {
  const written = text.normalize("NFKC").trim();
  // DE-BY is a part of Germany, de-AT the German of Austria: the capitals tell which.
  const [first = "", second = ""] = written.split(/[-_]/);
  const code = /^[a-z]{2,3}$/.test(first) && second !== "" ? second : first;
  if (isPhoneRegion(code.toUpperCase()) && /^[A-Za-z]{2}$/.test(code))
    return code.toUpperCase() as PhoneRegion;
  names ??= namesOfRegions();
  return names.get(fold(written)) ?? names.get(fold(written.split(/[,、/(]/).at(-1) ?? ""));
}
