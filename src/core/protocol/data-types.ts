/** Every kind of personal data a schema can ask for, a grant can allow and a consent can name (api.md "Consent"). */
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

const KNOWN: ReadonlySet<unknown> = new Set(DATA_TYPES);

export const isDataType = (value: unknown): value is DataType => KNOWN.has(value);
