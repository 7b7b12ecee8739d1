import { parseArgs } from "node:util";

export interface Arguments {
  url: string;
  apiKey: string;
  userId: string;
}

/**
 * Reads the server's URL, the agent's key and the user's id. Default: those of the sandbox that `npm start`
 * runs.
 */
export async function readArguments(): Promise<Arguments> {
  const { values } = parseArgs({
    options: { url: { type: "string" }, key: { type: "string" }, user: { type: "string" } },
  });
  const { url = "http://127.0.0.1:3000", key, user } = values;
  if (key !== undefined && user !== undefined) return { url, apiKey: key, userId: user };

  const sandbox = await fetch(`${url}/sandbox`);
  const { demo } = (await sandbox.json()) as { demo: { agent_api_key: string; user_id: string } };
  return { url, apiKey: demo.agent_api_key, userId: demo.user_id };
}

/** The input of the examples' runs: the place and day whose daylight they ask for. */
export const LISBON = { latitude: 38.72, longitude: -9.14, date: "2026-12-24" };
