import type { DataType } from "../../../protocol/data-types.ts";

/** What a property's name or a value's format can ask for, and the data types that fit. One is enough. */
const FITTING = {
  email: ["email"],
  phone: ["phone"],
  name: ["name"],
  address: ["address"],
  // A postal code or a region may stand alone, or belong to an address.
  area: ["region", "address"],
  birthdate: ["birthdate"],
  ip_address: ["ip_address"],
  wallet: ["wallet", "identifier"],
  identifier: ["identifier"],
} as const satisfies Readonly<Record<string, readonly DataType[]>>;

export type ExpectedDataType = keyof typeof FITTING;

export type ExpectedDataTypes = ReadonlySet<ExpectedDataType>;

/** Property names that ask for personal data, in lower case and without separators; in English and Japanese. */
const PERSONAL_NAMES: Readonly<Record<ExpectedDataType, readonly string[]>> = {
  email: [
    ...["email", "mail", "emailaddress", "mailaddress", "emailaddr", "emails", "emailaddresses"],
    ...[
      "メール",
      "メールアドレス",
      "eメール",
      "eメールアドレス",
      "電子メール",
      "電子メールアドレス",
      "メアド",
    ],
  ],
  phone: [
    ...["phone", "mobile", "tel", "telephone", "cell", "fax", "msisdn"],
    ...["mobilephone", "cellphone", "telephonenumber", "phoneno", "telno"],
    ...["phonenumbers", "whatsapp"],
    ...[
      "電話",
      "電話番号",
      "携帯",
      "携帯番号",
      "携帯電話",
      "携帯電話番号",
      "連絡先電話番号",
      "ファックス番号",
    ],
  ],
  name: [
    ...["firstname", "lastname", "fullname", "middlename", "surname", "givenname", "familyname", "forename"],
    ...[
      "maidenname",
      "contactname",
      "customername",
      "yourname",
      "applicantname",
      "recipientname",
      "patientname",
      "employeename",
      "cardholdername",
      "accountholdername",
      "fname",
      "lname",
      "氏名",
      "お名前",
      "姓名",
      "姓",
      "名字",
      "苗字",
      "ふりがな",
      "フリガナ",
      "担当者名",
      "お客様名",
      "宛名",
    ],
  ],
  address: [
    ...["street", "address", "streetaddress", "streetname", "housenumber", "addressline", "addr"],
    ...["streetandnumber", "postaladdress"],
    ...["住所", "ご住所", "現住所", "番地", "町名番地", "お届け先", "送付先", "配送先"],
  ],
  area: ["postalcode", "postcode", "zip", "zipcode", "plz", "region", "郵便番号", "都道府県", "地域"],
  birthdate: [
    ...["birthdate", "dateofbirth", "dob", "birthday", "bday", "birth"],
    ...["生年月日", "誕生日", "お誕生日"],
  ],
  ip_address: ["ip", "ipaddress", "ipaddr", "ipv4", "ipv6", "ipアドレス"],
  wallet: ["wallet", "walletaddress", "ウォレット", "ウォレットアドレス"],
  identifier: [
    ...[
      "ssn",
      "passport",
      "socialsecurity",
      "nationalid",
      "taxid",
      "driverslicense",
      "driverlicense",
      "mynumber",
      "iban",
      "bankaccount",
      "bankaccountnumber",
      "nationalinsurancenumber",
      "residentid",
      "dni",
      "cpf",
      "aadhaar",
      "aadhar",
      "pesel",
      "curp",
      "personnummer",
      "steuerid",
      "codicefiscale",
    ],
    ...[
      "マイナンバー",
      "個人番号",
      "パスポート",
      "パスポート番号",
      "旅券番号",
      "運転免許証番号",
      "身分証番号",
      "口座番号",
      "銀行口座",
    ],
  ],
};

/** Words before a name that say whose it is, or which: `home_address`, `contactEmail`. */
const WHOSE =
  /^(?:home|work|office|business|private|personal|contact|user|users|customer|client|member|guest|patient|employee|applicant|owner|recipient|sender|buyer|seller|billing|shipping|delivery|mailing|residential|permanent|current|primary|secondary|main|alternate|alternative|emergency|your|my|their|legal|自宅|勤務先|本人|緊急|連絡先|利用者|お客様|お?届け先|送付先|配送先|請求先|担当者|ご|お)+/u;
/** Words after a name that say how it is written: `phone_number`, `address_line_1`, `passport no`. */
const WRITTEN =
  /(?:number|numbers|no|nr|num|line|kana|romaji|カナ|かな|ふりがな|フリガナ|漢字|ローマ字|半角|全角|西暦|和暦|任意|必須)?\d?$/u;

const ALL = Object.keys(FITTING) as ExpectedDataType[];

const kindOf = (folded: string): ExpectedDataType | undefined =>
  ALL.find((expected) => PERSONAL_NAMES[expected].includes(folded));

/**
 * What a property of this name asks for, with the words that usually stand before or after it. Other compounds
 * aren't found: `email_verified` and `zip_file` mean something else, and their values are scanned anyway.
 * Unicode look-alikes (full-width letters, invisible characters) are folded first.
 */
export function expectedByName(name: string): ExpectedDataType | undefined {
  const folded = name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_.\p{Pd}\p{Ps}\p{Pe}\p{Cf}\p{M}]/gu, "");
  const withoutWhose = folded.replace(WHOSE, "");
  return [folded, withoutWhose, folded.replace(WRITTEN, ""), withoutWhose.replace(WRITTEN, "")]
    .map(kindOf)
    .find((expected) => expected !== undefined);
}

/** What a value of this format asks for. */
export const expectedByFormat = (format: string | undefined): ExpectedDataType | undefined =>
  format === "email" || format === "idn-email" ? "email" : undefined;

export const fits = (type: DataType, expected: ExpectedDataType): boolean =>
  FITTING[expected].some((fitting) => fitting === type);

/** The expected data types for which `holds` is true. */
export const expecting = (holds: (expected: ExpectedDataType) => boolean): ExpectedDataTypes =>
  new Set(ALL.filter(holds));

export const unite = (one: ExpectedDataTypes, other: ExpectedDataTypes): ExpectedDataTypes =>
  new Set([...one, ...other]);

/** @example fittingTypes("area") === '"region" or "address"' */
export const fittingTypes = (expected: ExpectedDataType): string =>
  FITTING[expected].map((type) => JSON.stringify(type)).join(" or ");

/** The data type that a property of this name or format needs, the likeliest if several fit. Undefined: it needs none. */
export function suggestDataType(name: string, format: string | undefined): DataType | undefined {
  const expected = expectedByName(name) ?? expectedByFormat(format);
  return expected === undefined ? undefined : FITTING[expected][0];
}
