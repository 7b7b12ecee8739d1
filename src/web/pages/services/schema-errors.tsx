import { said } from "../../ui/said.tsx";

interface SchemaErrorsProps {
  title: string;
  /** What the paths begin with, which is left out. */
  base: string;
  errors: { path: string; message: string }[];
}

const MOST_SHOWN = 8;

/** What is wrong with a schema, part by part. The reasons are technical, and the server's own. */
export function SchemaErrors({ title, base, errors }: SchemaErrorsProps) {
  if (errors.length === 0) return null;
  return (
    <div role="alert">
      <p className="field-error">{title}</p>
      <ul className="errors-list">
        {errors.slice(0, MOST_SHOWN).map(({ path, message }) => (
          <li key={`${path} ${message}`} lang="en">
            <code className="mono">{said(inside(path, base), 120)}</code> {said(message, 200)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The path within the schema. The schema itself is `/`. */
const inside = (path: string, base: string): string => {
  const rest = path.startsWith(base) ? path.slice(base.length) : path;
  return rest === "" ? "/" : rest;
};
