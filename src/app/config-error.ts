import type { z } from "zod";

/** Lists every mistake in the environment, one a line. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: string[]) {
    super(["The configuration is wrong:", ...mistakes.map((mistake) => `  - ${mistake}`)].join("\n"));
    this.mistakes = mistakes;
  }
}

/** What is wrong with each variable, with its name. */
export const mistakesIn = (error: z.ZodError): string[] =>
  error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
