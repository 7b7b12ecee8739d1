import type { Format } from "ajv";
import { fullFormats } from "ajv-formats/dist/formats.js";

/**
 * The formats of ajv-formats in full mode, with two changes. The `url` expression of ajv-formats takes quadratic
 * time, since user name and password may both hold colons: here the platform's URL parser checks it.
 * `idn-email` is added because its values are personal data.
 */
export const FORMATS: Readonly<Record<string, Format>> = {
  ...fullFormats,
  url: (text: string) => /^(?:https?|ftp):\/\/\S+$/i.test(text) && URL.canParse(text),
  "idn-email": isInternationalEmail,
};

function isInternationalEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const labels = text.slice(at + 1).split(".");
  return (
    at > 0 && !/[\s@\p{C}]/u.test(local) && labels.length > 1 && labels.every((label) => LABEL.test(label))
  );
}

/** One label of an internationalised domain name: at most 63 letters, digits, marks and inner dashes. */
const LABEL = /^[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u;
