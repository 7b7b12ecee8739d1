import type { DemoService } from "./demo-service.ts";
import { InputError } from "./demo-service.ts";
import { analyse } from "./readability.ts";

const SAMPLE =
  "The toll road was empty at dawn. A single truck crossed the bridge, and its driver paid with a machine that " +
  "signed the transfer before the barrier had finished rising.";

export const textAnalysis: DemoService = {
  serviceKey: "text-analysis",
  path: "/text-analysis",
  method: "POST",
  name: "Text analysis",
  description:
    "Readability scores (Flesch, Flesch-Kincaid, Gunning fog, …), keywords and reading time of English text.",
  categories: ["text", "analysis"],
  tags: ["readability", "flesch", "keywords", "reading time", "english"],
  amount: 8_000n,
  speaksV1: true,
  inputSchema: {
    type: "object",
    additionalProperties: false,
    required: ["text"],
    properties: {
      text: {
        type: "string",
        minLength: 1,
        maxLength: 20_000,
        description: "English prose, without markup.",
        examples: [SAMPLE],
      },
    },
  },
  sampleInput: { text: SAMPLE },

  prepare(input) {
    const { text } = input as unknown as { text: string };
    if (!/[\p{L}\p{N}]/u.test(text)) throw new InputError("/text", "There are no words in this text.");
    return () => analyse(text);
  },
};
