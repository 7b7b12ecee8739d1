import { countrySpecs, isValidIBAN } from "ibantools";
import { anyOf, GAP } from "./labels.ts";

/** An IBAN as it is written: a country, two check digits, and groups of four with or without blanks. */
const CANDIDATE =
  /(?<![A-Za-z\d])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]{4}){2,7}(?:[ -]?[A-Za-z\d]{1,3})?(?![A-Za-z\d])/g;

/**
 * The text without the IBAN that it begins with, or undefined if it begins with none. How long an IBAN is depends on its
 * country, so what follows it isn't taken for a part of it: "BE94 5044 9056 1584 from".
 */
function afterIban(text: string): string | undefined {
  const length = countrySpecs[text.slice(0, 2).toUpperCase()]?.chars ?? 0;
  const [iban = ""] = new RegExp(String.raw`^(?:[ -]?[A-Za-z\d]){${length}}`).exec(text) ?? [];
  return length > 0 && isValidIBAN(iban.replace(/[ -]/g, "").toUpperCase())
    ? text.slice(iban.length)
    : undefined;
}

/** Account numbers that aren't IBANs are told by their label alone. */
const LABELLED = new RegExp(
  `${anyOf([
    ...[
      "account number",
      "account no\\.?",
      "acct\\.? ?(?:no|number|#)?",
      "sort code",
      "routing number",
      "routing",
    ],
    ...[
      "iban",
      "kontonummer",
      "konto-?nr\\.?",
      "bankleitzahl",
      "numéro de compte",
      "número de cuenta",
      "clabe",
    ],
    ...["conta corrente", "nib", "numero di conto", "rekeningnummer", "bsb"],
    ...["口座番号", "口座", "银行账号", "銀行帳號", "계좌번호", "계좌"],
  ])}${GAP}(?:(?:普通|当座|貯蓄)${GAP})?(?:\\d[ -]?){5,17}\\d(?!\\d)|(?:銀行|支店|信用金庫|農協)[^\\n]{0,15}(?:普通|当座)(?:預金)? ?\\d{7}(?!\\d)`,
  "giu",
);

/**
 * Replaces bank accounts, whose digits can look like a phone number or a card number: IBANs of countries that have them, with
 * valid check digits, and labelled numbers. A text that comes back the same holds none.
 */
export const withoutBankAccounts = (text: string): string =>
  text
    .replace(CANDIDATE, (candidate) => {
      const rest = afterIban(candidate);
      return rest === undefined ? candidate : ` iban ${rest}`;
    })
    .replace(LABELLED, " account ");
