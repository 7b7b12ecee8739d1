/** Ends what was entered. Calling it again does nothing. */
export type Leave = () => void;

/** Counts what is in flight in this process, by key, and lets in a limited number for each key. */
export class InFlight {
  readonly limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts one more for `key`. Undefined if there are `limit` already; then nothing is counted. */
  enter(key: string): Leave | undefined {
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.limit) return undefined;
    this.#counts.set(key, count + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (this.#counts.get(key) ?? 0) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }
}

/** The most that may be in flight at once in one replica. */
export interface InFlightLimits {
  /** Calls of one session. */
  callsOfSession: number;
  /** Calls of one sponsor, whose own programs may work through a list. */
  callsOfSponsor: number;
  /** Runs of one service, sponsored and direct, from before the quote until the upstream has answered. */
  runsOfService: number;
  /** Of these, runs for one user. Sessions are easily opened, so a limit for each of them wouldn't leave any to others. */
  runsOfUser: number;
  /** Of these, direct calls whose payment isn't taken yet. Anybody can make them, from many addresses; runs that pay have the rest. */
  unpaidOfService: number;
  /** Direct calls of one client address, until their payment is taken. */
  unpaidOfAddress: number;
}

export const IN_FLIGHT_LIMITS: InFlightLimits = {
  callsOfSession: 20,
  callsOfSponsor: 100,
  runsOfService: 100,
  runsOfUser: 25,
  unpaidOfService: 60,
  unpaidOfAddress: 60,
};

export interface InFlightCounts {
  /** By session id. */
  sessionCalls: InFlight;
  /** By sponsor id. */
  sponsorCalls: InFlight;
  /** By service key. */
  runs: InFlight;
  /** By service key and user id. */
  userRuns: InFlight;
  /** By service key. */
  unpaidRuns: InFlight;
  /** By client address. */
  unpaid: InFlight;
}

export const countInFlight = (limits: InFlightLimits): InFlightCounts => ({
  sessionCalls: new InFlight(limits.callsOfSession),
  sponsorCalls: new InFlight(limits.callsOfSponsor),
  runs: new InFlight(limits.runsOfService),
  userRuns: new InFlight(limits.runsOfUser),
  unpaidRuns: new InFlight(limits.unpaidOfService),
  unpaid: new InFlight(limits.unpaidOfAddress),
});
