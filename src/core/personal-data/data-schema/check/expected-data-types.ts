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

export type Demand = keyof typeof FITTING;

export type Demands = ReadonlySet<Demand>;

const ALL = Object.keys(FITTING) as Demand[];

export const fits = (type: DataType, demand: Demand): boolean =>
  FITTING[demand].some((fitting) => fitting === type);

export const demandsThat = (holds: (demand: Demand) => boolean): Demands => new Set(ALL.filter(holds));

export const unite = (one: Demands, other: Demands): Demands => new Set([...one, ...other]);

/** @example fittingTypes("area") === '"region" or "address"' */
export const fittingTypes = (demand: Demand): string =>
  FITTING[demand].map((type) => JSON.stringify(type)).join(" or ");
