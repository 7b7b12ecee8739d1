import type { DataType } from "../../../protocol/data-types.ts";

/** What a property's name, or a value's format, can ask for, and the data types that fit: any one will do. */
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

const ALL = Object.keys(FITTING) as ExpectedDataType[];

export const fits = (type: DataType, demand: ExpectedDataType): boolean =>
  FITTING[demand].some((fitting) => fitting === type);

export const expecting = (holds: (demand: ExpectedDataType) => boolean): ExpectedDataTypes =>
  new Set(ALL.filter(holds));

export const unite = (one: ExpectedDataTypes, other: ExpectedDataTypes): ExpectedDataTypes =>
  new Set([...one, ...other]);

/** @example fittingTypes("area") === '"region" or "address"' */
export const fittingTypes = (demand: ExpectedDataType): string =>
  FITTING[demand].map((type) => JSON.stringify(type)).join(" or ");
