import { z } from "zod";

/** The variables of the database's address. */
export const DatabaseVariables = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** As psql and pg_dump read it. */
  PGPASSWORD: z.string().optional(),
};

/** DATABASE_URL, with PGPASSWORD's password where it has none. Any characters may be in that. */
export function databaseUrlOf({
  DATABASE_URL: text,
  PGPASSWORD: password,
}: {
  DATABASE_URL?: string | undefined;
  PGPASSWORD?: string | undefined;
}): string | undefined {
  if (text === undefined || password === undefined) return text;
  const url = new URL(text);
  if (url.password !== "" || url.searchParams.has("password")) return text;
  url.password = encodeURIComponent(password);
  return url.href;
}
