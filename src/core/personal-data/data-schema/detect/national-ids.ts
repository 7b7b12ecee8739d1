import {
  isChineseId,
  isCodiceFiscale,
  isCpf,
  isCurp,
  isKoreanId,
  isNir,
  isRut,
  isSpanishId,
  isTaiwaneseId,
} from "./check-digits.ts";
import { anyOf, GAP } from "./labels.ts";

const LABELS = anyOf([
  ...["ssn", "social security", "passport", "national id", "tax id", "driver'?s? licen[cs]e", "id card"],
  ...["driving licence", "ni number", "national insurance", "nhs", "medicare", "individual number"],
  ...[
    "steuer-?id",
    "steuer-?identifikationsnummer",
    "steuernummer",
    "idnr\\.?",
    "personalausweis(?:nummer)?",
  ],
  ...["ausweisnummer", "reisepass(?:nummer)?", "sozialversicherungsnummer", "ahv-?(?:nummer|nr)?"],
  ...["s[ée]curit[ée] sociale", "s[ée]cu", "nir", "registre national", "passeport", "carte d'identité"],
  ...["dni", "nif", "seguridad social", "pasaporte", "c[ée]dula", "curp"],
  ...["cpf", "rg", "cnh", "contribuinte", "cartão de cidadão", "passaporte", "codice fiscale", "passaporto"],
  ...["aadhaa?r", "voter id", "bsn", "burgerservicenummer", "pesel", "dowód", "personnummer", "cpr", "rut"],
  ...["hetu", "паспорт", "снилс", "инн", "nric", "tc kimlik", "kimlik no"],
  ...[
    "マイナンバー",
    "個人番号",
    "パスポート(?:番号)?",
    "旅券番号",
    "免許証",
    "在留カード番号",
    "保険者?証番号",
    "年金番号",
  ],
  ...["身份证", "身分證", "护照", "護照", "주민등록번호", "여권", "운전면허", "आधार", "पासपोर्ट", "जनआधार"],
  ...["رقم الهوية", "الهوية", "جواز", "תעודת זהות"],
]);

/** Letters and digits, alone or in groups: at least five digits, 6 to 20 characters. */
const VALUE = String.raw`(?=(?:[A-Z ./-]{0,4}\d){5})[A-Z\d](?:[ ./-]?[A-Z\d]){5,19}(?![\p{L}\d])`;
const SSN = String.raw`${anyOf(["social"])}${GAP}\d{3}[ -]?\d{2}[ -]?\d{4}(?!\d)`;
const LABELLED = new RegExp(`${LABELS}${GAP}${VALUE}|${SSN}`, "giu");

/** Forms that no other numbers have, with what checks them. Letters are in capitals, except where a check digit is enough. */
const FORMS: readonly { form: RegExp; isValid: (id: string) => boolean }[] = [
  // United States: 536-22-8726
  { form: alone(String.raw`(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}`), isValid: () => true },
  // United Kingdom: AB 12 34 56 C
  {
    form: alone(
      String.raw`(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]( ?)\d{2}\1\d{2}\1\d{2} ?[A-D]`,
    ),
    isValid: () => true,
  },
  {
    form: alone(String.raw`\d{8}-?[A-Z]|\d{2}\.\d{3}\.\d{3}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]`),
    isValid: isSpanishId,
  },
  {
    form: alone(String.raw`[A-Za-z]{6}\d{2}[A-EHLMPR-Ta-ehlmpr-t]\d{2}[A-Za-z]\d{3}[A-Za-z]`),
    isValid: isCodiceFiscale,
  },
  { form: alone(String.raw`\d{3}\.\d{3}\.\d{3}-\d{2}`), isValid: isCpf },
  { form: alone(String.raw`\d{1,2}\.\d{3}\.\d{3}-[\dKk]`), isValid: isRut },
  { form: alone(String.raw`[1-9]\d{16}[\dXx]`), isValid: isChineseId },
  { form: alone(String.raw`\d{6}-[1-8]\d{6}`), isValid: isKoreanId },
  {
    form: alone(String.raw`[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}`),
    isValid: isNir,
  },
  { form: alone(String.raw`[A-Z][12]\d{8}`), isValid: isTaiwaneseId },
  { form: alone(String.raw`[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d`), isValid: isCurp },
  // India: the PAN of a person has P in its fourth place.
  { form: alone("[A-Z]{3}P[A-Z]\\d{4}[A-Z]"), isValid: () => true },
  // Mexico's RFC, after its name: without it, RFC 9110 would be one.
  {
    form: new RegExp(String.raw`\bRFC\W{0,3}(?:is|es)? ?([A-ZÑ&]{4}\d{6}[A-Z\d]{3})(?![\p{L}\d])`, "gu"),
    isValid: () => true,
  },
];

/** One search for all forms, because most texts have none. */
const ANY_FORM = new RegExp(FORMS.map(({ form }) => form.source.replace(/\\1/g, " ?")).join("|"), "u");

/** The form by itself: no letter, digit or sign of a longer number next to it. */
function alone(expression: string): RegExp {
  return new RegExp(String.raw`(?<![\p{L}\d]|\d[./-])(?:${expression})(?![\p{L}\d]|[./-]\d)`, "gu");
}

/**
 * Replaces numbers by which a country knows a person, whose digits can look like a phone number: after their name, or in a form
 * that other numbers don't have, with valid check digits where the form has them. A text that comes back the same holds none.
 */
export function withoutNationalIds(text: string): string {
  let rest = text.replace(LABELLED, " id ");
  if (!ANY_FORM.test(rest)) return rest;
  for (const { form, isValid } of FORMS)
    rest = rest.replace(form, (id: string) => (isValid(id.replace(/[ .-]/g, "")) ? " id " : id));
  return rest;
}
