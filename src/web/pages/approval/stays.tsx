import type { Question } from "../../data/shapes.ts";
import { useWords } from "../../words/language.tsx";
import { useNouns } from "./noun-words.ts";
import { leftOut } from "./terms.ts";

/** What is allowed already: what stays as it is, in one line, and what an answer would end. */
export function Stays({ question }: { question: Question }) {
  const { words, format } = useWords();
  const { ask: w } = words.approval;
  const { task } = useNouns();
  const { asks } = question;
  const held = [
    ...asks.data_types.filter((one) => one.held).map(({ type }) => words.data[type].noun),
    ...asks.task_types.filter((one) => one.held).map(({ name }) => task(name).verb),
  ];
  const { allowed_data_types, allowed_task_types } = leftOut(question);
  const ends = [
    ...allowed_data_types.map((type) => words.data[type].noun),
    ...allowed_task_types.map((name) => task(name).verb),
  ];
  if (held.length === 0 && ends.length === 0) return null;
  return (
    <div className="stays note">
      {held.length > 0 && <p>{w.stays(format.list(held))}</p>}
      {ends.length > 0 && <p>{w.ends(format.list(ends))}</p>}
    </div>
  );
}
