/**
 * Personal data that only its label tells from other dates, texts and numbers: "DOB 1985-03-14". Every repetition
 * has a bound, so matching takes linear time.
 */

/** What may stand between a label and its value: "Birth date (Y-M-D): ". */
const GAP = String.raw`(?: ?\([^)]{0,20}\))?[ :=は、,.-]{0,4}`;

/** 1985-03-14, 14.03.1985, 3/14/85, 1985年3月14日, 昭和60年3月14日, 14 March 1985, March 14, 1985 */
const DATE = [
  String.raw`\d{4} ?[-/.年] ?\d{1,2} ?[-/.月] ?\d{1,2}`,
  String.raw`\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?\d{2,4}`,
  String.raw`(?:明治|大正|昭和|平成|令和|[MTSHR]) ?\d{1,2} ?[年./-] ?\d{1,2} ?[月./-] ?\d{1,2}`,
  String.raw`\d{1,2}(?:st|nd|rd|th|\.)? (?:of )?\p{L}{3,9}\.?,? \d{4}`,
  String.raw`\p{L}{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}`,
  String.raw`(?:19|20)\d{6}(?!\d)`,
].join("|");

const BIRTH = String.raw`\b(?:d\.?o\.?b\.?|date of birth|birth ?(?:date|day)|born(?: on)?|geboren(?: am)?|geburtsdatum|né(?:e)? le|nacid[oa] el)(?!\p{L})|生年月日|誕生日`;
const BIRTH_DATE = new RegExp(`(?:${BIRTH})${GAP}(?:${DATE})`, "iu");

/** A label that ends with a colon: "address the 3 points" isn't one. "IP address: 10.0.0.1" is another kind. */
const ADDRESS_LABEL = String.raw`(?<!\b(?:ip|ipv4|ipv6|mac|web|e-?mail|mail|wallet|contract|memory|return|bus|i2c|url|host|server|network|payout|token) )(?:\b(?:(?:home|postal|mailing|street|billing|shipping|delivery) )?address|\bstreet|\badresse|\bdirección|\banschrift) ?[:=] ?`;
const ADDRESSES = [
  // 12 Main Street; Hauptstraße 5, 10115 Berlin
  `${ADDRESS_LABEL}(?=[^\\n]{0,60}\\d)(?=[^\\n]{0,60}\\p{L}{3})(?!0x|https?:|[\\w.+-]{1,64}@|\\d{1,3}\\.\\d{1,3}\\.)`,
  // 東京都渋谷区1-2-3
  String.raw`住所${GAP}[^\n]{0,20}[都道府県市区町村郡]`,
  // 〒150-0001; postal code: 10115; ZIP 94110
  String.raw`〒 ?\d{3}-?\d{4}`,
  String.raw`(?:\b(?:post(?:al)? ?code|zip(?: ?code)?|plz)(?!\p{L})|郵便番号)${GAP}(?=[A-Z\d -]{0,9}\d)[A-Z\d]{2,5}[ -]?[A-Z\d]{2,5}(?![A-Z\d])`,
];
const ADDRESS = new RegExp(ADDRESSES.join("|"), "iu");

const ID_LABEL = String.raw`\b(?:ssn|social security|passport|national id|tax id|driver'?s licen[cs]e|id card|nif|cpf|dni|nino|steuer-?id|personalausweis)(?!\p{L})|マイナンバー|個人番号|パスポート番号|旅券番号|運転免許証番号`;
const NATIONAL_ID = new RegExp(
  `(?:${ID_LABEL})(?: ?(?:number|no\\.?|nr\\.?|num|#))?${GAP}(?=[A-Z\\d .-]{0,6}\\d)(?:[A-Z\\d][ .-]?){6,14}(?![A-Z\\d])`,
  "iu",
);

export const holdsBirthDate = (text: string): boolean => BIRTH_DATE.test(text);
export const holdsAddress = (text: string): boolean => ADDRESS.test(text);
export const holdsNationalId = (text: string): boolean => NATIONAL_ID.test(text);
