import type { Format } from "ajv";
import { fullFormats } from "ajv-formats/dist/formats.js";
import type { ExpectedDataType } from "./expected-data-types.ts";

/**
 * The formats of ajv-formats in full mode, with two changes. Its `url` expression takes quadratic time (a
 * user name may hold colons, and so may its password), so ours asks the platform's URL parser instead. And
 * `idn-email` is ours, since the contract names it among the formats of personal data.
 */
export const FORMATS: Readonly<Record<string, Format>> = {
  ...fullFormats,
  url: isUrl,
  "idn-email": isInternationalEmail,
};

/** Formats whose values are personal by definition, and what a schema with one of them asks for. */
const PERSONAL_FORMATS: ReadonlyMap<string, ExpectedDataType> = new Map([
  ["email", "email"],
  ["idn-email", "email"],
]);

export const isKnownFormat = (name: string): boolean => Object.hasOwn(FORMATS, name);

export const expectedByFormat = (name: string): ExpectedDataType | undefined => PERSONAL_FORMATS.get(name);

function isUrl(text: string): boolean {
  return /^(?:https?|ftp):\/\/\S+$/i.test(text) && URL.canParse(text);
}

function isInternationalEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const labels = text.slice(at + 1).split(".");
  return (
    at > 0 &&
    !/[\s@\p{C}]/u.test(local) &&
    labels.length > 1 &&
    labels.every((label) => /^[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u.test(label))
  );
}
