import { anyOf, GAP } from "./labels.ts";
import { holdsEastAsianAddress } from "./east-asian-addresses.ts";
import { POSTCODE_BEFORE_CITY, POSTCODES, streetsIn } from "./streets.ts";

/** Words that say that an address or the place where somebody lives follows. Some only count with a colon or a verb after them. */
const ADDRESS_LABEL = String.raw`(?<!\b(?:ip|ipv4|ipv6|mac|web|e-?mail|mail|wallet|contract|memory|return|bus|i2c|url|host|server|network|payout|token) )${anyOf(
  [
    ...["(?:(?:home|postal|mailing|street|billing|shipping|delivery) )?address", "street", "home", "live at"],
    ...[
      "adresse",
      "anschrift",
      "dirección",
      "domicilio",
      "morada",
      "endereço",
      "indirizzo",
      "adres",
      "adress",
    ],
    ...["адрес", "адреса", "địa chỉ", "alamat"],
  ],
)} ?(?:[:=→]|is(?= )) ?`;
const LABELLED = new RegExp(
  `${ADDRESS_LABEL}(?=[^\\n]{0,60}\\d)(?=[^\\n]{0,60}\\p{L}{3})(?!0x|https?:|[\\w.+-]{1,64}@|\\d{1,3}\\.\\d{1,3}\\.)`,
  "iu",
);

/** Words before a street that say that somebody lives there or wants something sent there. */
const LIVING = new RegExp(
  `${anyOf([
    ...[
      "address",
      "live at",
      "living at",
      "live on",
      "lives at",
      "home",
      "we'?re at",
      "i'?m at",
      "ship(?:ped)? to",
    ],
    ...[
      "deliver(?:ed)? to",
      "send (?:it )?to",
      "mail (?:it )?to",
      "located at",
      "moved to",
      "flat",
      "apt",
      "apartment",
    ],
    ...[
      "wohne",
      "wohnhaft",
      "adresse",
      "anschrift",
      "habite",
      "domicili[ée]",
      "vivo",
      "dirección",
      "domicilio",
    ],
    ...["moro", "resido", "morada", "endereço", "abito", "residente", "indirizzo", "mieszkam", "woon", "bor"],
    ...["живу", "адрес"],
  ])}[^\n]{0,40}$`,
  "iu",
);

const POSTAL_CODE = new RegExp(
  String.raw`〒 ?\d{3}-?\d{4}|${anyOf([
    ...["post(?:al)? ?code(?:'s)?", "zip(?: ?code)?", "plz", "code postal", "c[óo]digo postal", "cep", "cap"],
    ...["郵便番号", "邮编", "우편번호"],
  ])}${GAP}(?:${[
    String.raw`\d{5}(?:-?\d{3,4})?`,
    String.raw`\d{3}-\d{4}`,
    String.raw`\d{2}\.?\d{3}-\d{3}`,
    String.raw`\d{4}(?: ?[A-Z]{2})?(?!\p{L})`,
    String.raw`\d{6}`,
    String.raw`[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}`,
    String.raw`[A-Z]\d[A-Z] ?\d[A-Z]\d`,
  ].join("|")})(?![\p{L}\d.]?\d)`,
  "iu",
);

/** How far from a street its postal code and town are. */
const NEAR = 60;

/**
 * Whether the text holds a postal address: one with a label, a postal code that is found for itself, or a street and
 * number with a postal code near, after words such as "I live at", or alone in the text.
 */
export function holdsAddress(text: string, isWhole: boolean): boolean {
  if (LABELLED.test(text) || POSTAL_CODE.test(text) || holdsEastAsianAddress(text)) return true;
  if (POSTCODES.test(text)) return true;
  return streetsIn(text).some(({ 0: street, index }) => {
    const end = index + street.length;
    const before = text.slice(Math.max(0, index - NEAR), index);
    const after = text.slice(end, end + NEAR);
    if (isWhole && /^[^\p{L}\d\n]{0,3}$/u.test(before) && /^[^\p{L}\d\n]{0,3}$/u.test(after)) return true;
    return POSTCODE_BEFORE_CITY.test(after) || LIVING.test(before);
  });
}
