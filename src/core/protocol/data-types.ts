/** All kinds of personal data that a schema can ask for, a grant can allow and a consent can name. */
export const DATA_TYPES = [
  "email",
  "phone",
  "name",
  "address",
  "region",
  "birthdate",
  "ip_address",
  "wallet",
  "identifier",
  "attributes",
] as const;

export type DataType = (typeof DATA_TYPES)[number];

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(DATA_TYPES);

export const isDataType = (value: unknown): value is DataType => KNOWN_TYPES.has(value);
