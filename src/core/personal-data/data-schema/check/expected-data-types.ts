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

/** Property names that ask for personal data, in lower case and without separators. */
const PERSONAL_NAMES: Readonly<Record<ExpectedDataType, readonly string[]>> = {
  email: ["email", "mail"],
  phone: ["phone", "mobile"],
  name: ["firstname", "lastname", "fullname"],
  address: ["street", "address"],
  area: ["postalcode", "zip", "region"],
  birthdate: ["birthdate", "dateofbirth"],
  ip_address: ["ip", "ipaddress"],
  wallet: ["wallet"],
  identifier: ["ssn", "passport"],
};

const ALL = Object.keys(FITTING) as ExpectedDataType[];

/**
 * What a property of this name asks for. Names are compared as a whole: `email_verified` and `zip_file` mean
 * something else, and their values are scanned anyway. Unicode look-alikes (full-width letters, invisible
 * characters) are folded first.
 */
export function expectedByName(name: string): ExpectedDataType | undefined {
  const folded = name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_.\p{Pd}\p{Cf}\p{M}]/gu, "");
  return ALL.find((expected) => PERSONAL_NAMES[expected].includes(folded));
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
