import { isValidIBAN } from "ibantools";

/** An IBAN as it is written: a country, two check digits, and groups of four with or without blanks. */
const CANDIDATE =
  /(?<![A-Za-z\d])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]{4}){2,7}(?:[ -]?[A-Za-z\d]{1,3})?(?![A-Za-z\d])/g;

const isIban = (text: string): boolean => isValidIBAN(text.replace(/[ -]/g, "").toUpperCase());

/** Whether the text holds an IBAN: of a country that has them, with its length and valid check digits. */
export const holdsIban = (text: string): boolean =>
  Array.from(text.matchAll(CANDIDATE), ([candidate]) => candidate).some(isIban);

/** Replaces IBANs, whose digits can look like a phone number. */
export const withoutIbans = (text: string): string =>
  text.replace(CANDIDATE, (candidate) => (isIban(candidate) ? " iban " : candidate));
