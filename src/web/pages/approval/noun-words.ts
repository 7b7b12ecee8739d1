import type { DataType } from "../../data/shapes.ts";
import { spaced } from "../../ui/said.tsx";
import { useWords } from "../../words/language.tsx";

/** Names data types, tasks and kinds of services, and lists them as a sentence does. */
export function useNouns() {
  const { words, format } = useWords();
  const task = (name: string) => words.task[name] ?? words.otherTask(spaced(name));
  return {
    task,
    dataList: (types: DataType[]) => format.list(types.map((type) => words.data[type].noun)),
    taskList: (names: string[]) => format.list(names.map((name) => task(name).verb)),
    kindList: (names: string[]) => format.list(names.map(spaced)),
  };
}
