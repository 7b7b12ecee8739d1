import type { DestinationStream } from "pino";

/** The lines that a process loses at most when it is killed. */
const WITHIN_MS = 100;
const MOST_CHARACTERS = 64 * 1024;
/** How a line of the levels begins that are written at once, with all before them. */
const URGENT = /^\{"level":"(?:warn|error)"/;

/**
 * Writes lines to a destination together, since each write takes longer than making the line. After a pause a line is written at
 * once, and those that follow within 100 ms together at the end of that time. A warning or an error waits for nothing.
 * @returns `flush` writes what waits, such as before the process exits
 */
export function writeTogether(destination: DestinationStream): DestinationStream & { flush: () => void } {
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    const text = waiting;
    waiting = "";
    if (text !== "") destination.write(text);
  };
  const endOfPause = (): void => {
    timer = undefined;
    if (waiting === "") return;
    flush();
    timer = setTimeout(endOfPause, WITHIN_MS).unref();
  };

  return {
    write(line) {
      waiting += line;
      if (timer === undefined) {
        flush();
        timer = setTimeout(endOfPause, WITHIN_MS).unref();
      } else if (waiting.length > MOST_CHARACTERS || URGENT.test(line)) flush();
    },
    flush,
  };
}
