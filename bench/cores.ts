import { readFileSync } from "node:fs";

/** How long each core has worked and rested since the machine started, in ticks. Linux's own account of it. */
export interface CoreTimes {
  busy: number;
  idle: number;
}

export function coreTimes(): CoreTimes[] {
  const lines = readFileSync("/proc/stat", "utf8").match(/^cpu\d+ .*$/gm) ?? [];
  return lines.map((line) => {
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, hardware = 0, software = 0] = line
      .split(" ")
      .slice(1)
      .map(Number);
    return { busy: user + nice + system + hardware + software, idle: idle + waiting };
  });
}

/** The share of time that each core worked between two readings. */
export const busyShares = (before: readonly CoreTimes[], after: readonly CoreTimes[]): number[] =>
  after.map(({ busy, idle }, core) => {
    const worked = busy - (before[core]?.busy ?? 0);
    return worked / (worked + idle - (before[core]?.idle ?? 0));
  });
