import path from "node:path";

/** Where the parts of a world keep what is theirs. */
export interface WorldDirectories {
  postgres: string;
  chain: string;
  services: string;
  servers: string;
  lock: string;
}

/** @param world the sandbox's directory inside the data directory */
export function worldDirectories(world: string): WorldDirectories {
  return {
    postgres: path.join(world, "postgres"),
    chain: path.join(world, "chain"),
    services: path.join(world, "services"),
    servers: path.join(world, "servers"),
    lock: path.join(world, "lock"),
  };
}
