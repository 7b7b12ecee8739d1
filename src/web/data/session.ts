import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server, SESSION_KEY } from "./client.ts";
import type { Me } from "./shapes.ts";

/** Who is signed in. Answered without a session too, so a page can ask before it asks for anything else. */
const meQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: ({ signal }) => server.session.me.query(undefined, { signal }).then(dataOf),
  staleTime: 60_000,
});

export const loadMe = (): Promise<Me> => queries.query({ ...meQuery, staleTime: "static" });
export const useMe = (): Me | undefined => useQuery(meQuery).data;
/** Undefined if nobody is signed in. */
export const usePerson = () => useMe()?.person ?? undefined;

export type SignInProblem =
  | "wrong"
  | "taken"
  | "weak"
  | "unconfirmed"
  | "too_many"
  | "failed"
  /** The link of a mail is over. */
  | "link_over"
  /** What is to be changed needs a sign-in that isn't old. */
  | "not_fresh"
  | "wrong_password"
  | "no_password"
  | "cancelled"
  | "known_passkey"
  | "unknown_passkey"
  /** Passkeys belong to another name of this server. */
  | "other_address";

export class SignInError extends Error {
  readonly problem: SignInProblem;

  constructor(problem: SignInProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** One of the sign-in's own routes. They set the cookie. */
export async function post(path: string, body: object): Promise<void> {
  await send(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
}

export const ask = async <Answer>(path: string): Promise<Answer> =>
  (await (await send(path, { headers: { accept: "application/json" } })).json()) as Answer;

async function send(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(`/auth${path}`, init);
  if (answer.ok) return answer;
  const { code } = (await answer.json().catch(() => ({}))) as { code?: string };
  throw new SignInError(problemOf(answer.status, code ?? ""));
}

function problemOf(status: number, code: string): SignInProblem {
  if (status === 429) return "too_many";
  if (code.startsWith("USER_ALREADY_EXISTS")) return "taken";
  if (code.startsWith("PASSWORD_TOO") || code === "PASSWORD_COMPROMISED") return "weak";
  if (code === "EMAIL_NOT_VERIFIED") return "unconfirmed";
  if (code === "INVALID_TOKEN") return "link_over";
  if (code === "SESSION_NOT_FRESH") return "not_fresh";
  if (code === "INVALID_PASSWORD") return "wrong_password";
  if (code === "CREDENTIAL_ACCOUNT_NOT_FOUND") return "no_password";
  if (code === "PASSKEY_NOT_FOUND" || code === "AUTHENTICATION_FAILED") return "unknown_passkey";
  return status >= 500 || status === 404 ? "failed" : "wrong";
}

const ADDRESS = "address";

/** The address of who signed up in this browser and hasn't signed in yet, so that it needn't be typed twice. */
export const knownAddress = (): string => localStorage.getItem(ADDRESS) ?? "";

/** Nothing that was loaded for one person may be shown to the next. */
export async function startAfresh(): Promise<void> {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
  await queries.invalidateQueries({ queryKey: SESSION_KEY });
}

export const useSignIn = () =>
  useMutation({
    mutationFn: (given: { email: string; password: string }) => post("/sign-in/email", given),
    onSuccess: () => {
      localStorage.removeItem(ADDRESS);
      return startAfresh();
    },
  });

/** The page that was asked for, which says then that the address is confirmed. */
function confirmedPage(): string {
  const search = new URLSearchParams(location.search);
  search.set("confirmed", "1");
  return `${location.pathname}?${search.toString()}`;
}

export const useSignUp = () =>
  useMutation({
    mutationFn: (given: { email: string; password: string; name: string }) =>
      post("/sign-up/email", { ...given, callbackURL: confirmedPage() }),
    onSuccess: (_, { email }) => {
      localStorage.setItem(ADDRESS, email);
      return startAfresh();
    },
  });

/** The link in the mail leads back to the page that was asked for. */
export const useMagicLink = () =>
  useMutation({
    mutationFn: ({ email }: { email: string }) =>
      post("/sign-in/magic-link", { email, callbackURL: location.pathname + location.search }),
  });

export const useDemoSignIn = () =>
  useMutation({ mutationFn: () => post("/demo", {}), onSuccess: startAfresh });

export const useSignOut = () =>
  useMutation({ mutationFn: () => post("/sign-out", {}), onSuccess: startAfresh });
