import type { Question } from "../../data/shapes.ts";
import { useWords } from "../../words/language.tsx";
import { useNouns } from "./noun-words.ts";
import { leftOut } from "./terms.ts";

/** What is allowed already: what stays as it is, in one line, and what an answer would end. */
export function Stays({ question }: { question: Question }) {
  const { ask: w } = useWords().words.approval;
  const { dataList, taskList } = useNouns();
  const { data_types, task_types } = question.asks;
  const heldData = data_types.filter((one) => one.held).map(({ type }) => type);
  const heldTasks = task_types.filter((one) => one.held).map(({ name }) => name);
  const out = leftOut(question);
  const held = w.held(taskList(heldTasks), dataList(heldData));
  const ends = w.held(taskList(out.allowed_task_types), dataList(out.allowed_data_types));
  if (held === "" && ends === "") return null;
  return (
    <div className="stays note">
      {held !== "" && <p>{w.stays(held)}</p>}
      {ends !== "" && <p>{w.ends(ends)}</p>}
    </div>
  );
}
